"""Write ``answers.schema.json``, from which the panel's TypeScript types are made (``npm run words``)."""

import json
from pathlib import Path

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, models_json_schema
from pydantic_core.core_schema import TupleSchema

from radloop.answers import chest_panel, panel
from radloop.answers.heart import Measurements

SAID = (panel.Contours, panel.Submission, panel.Draft)
OF_HEARTS = (panel.Cases, panel.Analysis, panel.OpenedLabel, panel.DraftKept, panel.Exported, Measurements)
HEARD = (*OF_HEARTS, chest_panel.Films, chest_panel.FilmReading)


class _Plain(GenerateJsonSchema):
    """As json-schema-to-typescript reads it: no titles of fields, tuples in the words of draft 7."""

    def field_title_should_be_set(self, schema: object) -> bool:
        return False

    def tuple_schema(self, schema: TupleSchema) -> JsonSchemaValue:
        words = super().tuple_schema(schema)
        words["items"] = words.pop("prefixItems")
        return words


def schema() -> str:
    modes: list[tuple[type, JsonSchemaMode]] = [(word, "validation") for word in SAID]
    modes += [(word, "serialization") for word in HEARD]
    _, words = models_json_schema(modes, schema_generator=_Plain, title="Answers")
    return json.dumps(words, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("answers.schema.json").write_text(schema(), encoding="utf-8")
