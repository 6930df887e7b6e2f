import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Classification } from '../src/answers';
import { tint } from '../src/heat';
import { meaning, share } from '../src/shares';

const said: Classification = {
  image: '1.2.3',
  model: 'cxr_classifier',
  model_version: '0.1.0',
  classes: ['normal', 'pneumonia'],
  prediction: { normal: 0.3, pneumonia: 0.7 },
  label: 'pneumonia',
  abstained: false,
  reason: '',
  positive: 'pneumonia',
  threshold: 0.4565,
  prior: 0.5,
  heat_map: true,
  warnings: [],
};

test('nothing is certain', () => {
  assert.deepEqual([0, 0.0049, 0.005, 0.5, 0.994, 0.9951, 1].map(share), [
    '< 1 %', '< 1 %', '1 %', '50 %', '99 %', '> 99 %', '> 99 %',
  ]); // prettier-ignore
});

test('what the probabilities mean: the prior, and where the label comes from', () => {
  assert.match(meaning(said), /50 of 100 films show pneumonia: .* Pneumonia is named from 46 % on\.$/);
  const three = { ...said, positive: null, threshold: null, prior: 0.3333 };
  assert.match(meaning(three), /all classes were equally frequent.* The most probable class is named\.$/);
});

test('the more a place counts, the less of the film is seen through it, and the brighter it is', () => {
  const tints = Array.from({ length: 256 }, (_, value) => tint(value));
  assert.deepEqual(tints[0][3], 0);
  assert.deepEqual(tints[255], [252, 255, 164, 255]);
  const light = tints.map(([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b);
  for (let value = 1; value < 256; value++) {
    assert.ok(light[value] >= light[value - 1] - 0.5, `${value}`);
    assert.ok(tints[value][3] > tints[value - 1][3]);
  }
});
