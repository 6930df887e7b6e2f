import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Contours } from '../src/contours';
import { LV, MYO, RV, countVoxels, ejectionFraction, phasesOf } from '../src/counting';
import { placesOf, planesOf } from '../src/places';

/** Two frames of three slices, 4 x 4 each: in frame 0 every slice has 4 LV and 2 RV, in frame 1 every slice 1 LV. */
const grid = { frames: 2, slices: 3 };
function heart(): Contours {
  const voxels = new Uint8Array(2 * 3 * 16);
  for (let slice = 0; slice < 3; slice++) {
    voxels.set([LV, LV, LV, LV, RV, RV], slice * 16);
    voxels.set([LV, MYO], (3 + slice) * 16);
  }
  return new Contours(voxels, grid);
}
const drawn = (contours: Contours, plane: number, voxels: Record<number, number>): Uint8Array => {
  const labels = contours.shown(plane).slice();
  for (const [at, label] of Object.entries(voxels)) labels[Number(at)] = label;
  return labels;
};

test('voxels of each structure are counted, frame by frame', () => {
  assert.deepEqual([...countVoxels(Uint8Array.of(0, 1, 3, 3, 2, 3))], [1, 1, 1, 3]);
  assert.deepEqual(heart().curve(LV), [12, 3]);
  assert.deepEqual(heart().curve(RV), [6, 0]);
  assert.deepEqual(heart().curve(MYO), [0, 3]);
});

test('a stroke changes its plane only, and counts at once', () => {
  const contours = heart();
  assert.equal(contours.draw(4, drawn(contours, 4, { 5: LV, 6: LV })), true);
  assert.deepEqual(contours.curve(LV), [12, 5]);
  assert.deepEqual([...contours.edited], [4]);
  assert.equal(contours.draw(4, contours.shown(4).slice()), false);
});

test('what is undone is no longer edited', () => {
  const contours = heart();
  const before = contours.shown(4).slice();
  contours.draw(4, drawn(contours, 4, { 5: LV }));
  contours.draw(4, before);
  assert.equal(contours.edited.size, 0);
  assert.deepEqual(contours.curve(LV), [12, 3]);
});

test('a slice that is left out counts nowhere, and comes back whole', () => {
  const contours = heart();
  contours.leaveOut([0, 3], true);
  assert.deepEqual(contours.curve(LV), [8, 2]);
  assert.ok(contours.shown(0).every(label => label === 0));
  assert.ok(contours.allShown().subarray(0, 16).every(label => label === 0));
  assert.equal(contours.voxels[0], LV); // kept for a draft
  contours.leaveOut([0, 3], false);
  assert.deepEqual(contours.curve(LV), [12, 3]);
  assert.equal(contours.edited.size, 0);
});

test('drawing in a slice that is left out takes it in again, and loses nothing', () => {
  const contours = heart();
  contours.leaveOut([0], true);
  contours.draw(0, drawn(contours, 0, { 10: LV }));
  assert.equal(contours.leftOut.size, 0);
  assert.deepEqual(contours.curve(LV), [13, 3]);
});

test('ED and ES are the first of the largest and of the smallest other LV volume', () => {
  assert.deepEqual(phasesOf([5, 9, 9, 2, 2]), { ed: 1, es: 3 });
  assert.deepEqual(phasesOf([4, 4]), { ed: 0, es: 1 });
  assert.equal(phasesOf([0, 0]), null);
  assert.equal(phasesOf([7]), null);
});

test('ejection fraction on paper', () => {
  assert.equal(ejectionFraction(120, 48), 60);
  assert.equal(ejectionFraction(0, 0), null);
  assert.equal(ejectionFraction(40, 50), null);
});

test('places are written as the server reads them, and read back', () => {
  assert.deepEqual(placesOf([0, 1, 2, 5], grid), { 1: 'all', 2: [3] });
  assert.deepEqual([...planesOf({ 1: 'all', 2: [3] }, grid)], [0, 1, 2, 5]);
  assert.deepEqual(placesOf([], grid), {});
});
