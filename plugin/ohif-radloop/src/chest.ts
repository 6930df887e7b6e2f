/** A person's way through the films of a study: find, classify, look at the evidence, say the class, submit it. */

import type { Film, FilmReading } from './answers';
import { Errands } from './errands';
import { FilmView } from './filmview';
import type { Heat } from './heat';
import type { Ohif } from './ohif';
import { server, unpack } from './server';

/** Event `moved`, beside those of errands: the viewer shows another image. */
export class Chest extends Errands {
  films: Film[] = [];
  classes: string[] = [];
  film: Film | null = null;
  answer: FilmReading['answer'] | null = null;
  heat: Heat | null = null;
  view: FilmView | null = null;
  /** The class that the person says; null until one is said. */
  said: string | null = null;
  heatShown = true;
  opacity = 0.5;

  constructor(private readonly ohif: Ohif) {
    super();
  }

  async find(studies: string[]): Promise<void> {
    this.put();
    const { turn } = this;
    this.films = [];
    this.doing = 'Looking for chest X-rays';
    try {
      const found = await Promise.all(studies.map(study => server.films(study)));
      if (turn !== this.turn) return;
      this.films = found.flatMap(({ films }) => films).sort((a, b) => Number(a.lateral) - Number(b.lateral));
      this.classes = found[0].classes;
      if (!this.films.length) this.problem = 'This study has no radiograph (CR, DX or Secondary Capture).';
    } catch (error) {
      this.tell(error);
    }
    this.doing = null;
    this.changed();
  }

  async begin(film: Film): Promise<void> {
    this.put();
    this.film = film;
    this.said = film.labels[0]?.label ?? null;
    this.view = new FilmView(this.ohif, film.image);
    this.view.addEventListener('moved', () => this.dispatchEvent(new Event('moved')));
    await this.analyse();
  }

  /** Leave the film. */
  put(): void {
    this.view?.close();
    this.film = this.view = this.answer = this.heat = this.said = null;
    this.drop();
  }

  async analyse(): Promise<void> {
    await this.waitedFor(async () => {
      const { film, turn } = this.here();
      this.does('Looking at the film');
      const { answer, evidence } = await server.classify(film.image);
      const heat = evidence && { ...evidence, pixels: await unpack(evidence.pixels) };
      if (turn !== this.turn) return;
      this.answer = answer;
      this.heat = heat;
      if (film.state === 'new') film.state = 'analysed';
      this.cover();
    });
  }

  say(label: string): void {
    this.said = label;
    this.notice = null;
    this.changed();
  }

  async submit(): Promise<void> {
    await this.waitedFor(async () => {
      const { film, turn } = this.here();
      const { answer, said } = this;
      if (!answer || said === null) return;
      this.does('Submitting');
      const { model, model_version: from_version } = answer;
      const author = this.author.trim();
      await server.submitClass(film.image, said, { author, from_version, model });
      const submitted = new Date().toISOString();
      film.labels = [{ id: submitted, label: said, author, submitted, from_version }, ...film.labels];
      film.state = 'submitted';
      if (turn === this.turn) this.notice = 'Your class is submitted.';
    });
  }

  showHeat(change: { shown?: boolean; opacity?: number }): void {
    this.heatShown = change.shown ?? this.heatShown;
    this.opacity = change.opacity ?? this.opacity;
    this.cover();
    this.changed();
  }

  private cover(): void {
    this.view?.cover(this.heat, this.heatShown ? this.opacity : 0);
  }

  private here(): { film: Film; turn: number } {
    if (!this.film) throw new Error('no film');
    return { film: this.film, turn: this.turn };
  }
}
