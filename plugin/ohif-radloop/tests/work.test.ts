import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Case, SubmittedLabel } from '../src/answers';
import { Contours } from '../src/contours';
import { unpack } from '../src/server';
import { Work } from '../src/work';

const cine = { image: '1.2', frames: 2, slices: 2, voxel_ml: 1, labels: [] } as unknown as Case;
const label = { id: 'a', author: 'A', from_version: '1', reviewed: { 1: [2] }, assumed_reviewed: false } as unknown as SubmittedLabel;
const analysed = () => {
  const voxels = new Uint8Array([3, 3, 0, 3, 3, 0, 0, 0]); // two voxels a plane: frame by frame, slice by slice
  return new Work(cine, new Contours(voxels, cine), { fromVersion: '1', label: null, edited: false });
};

test('analysing alone reviews and edits nothing', async () => {
  const work = analysed();
  assert.deepEqual((await work.submission('A')).reviewed, {});
  assert.equal((await work.said()).edited, false);
});

test('what is changed is reviewed, and stays so once it is a label', async () => {
  const work = analysed();
  work.mark([3], true);
  work.contours.draw(0, new Uint8Array([3, 0]));
  work.contours.leaveOut([1], true);
  assert.deepEqual((await work.submission('A')).reviewed, { 1: [1], 2: [2] });
  const after = work.submittedAs(label);
  const [said, draft] = [await after.said(), await after.draft('A')];
  assert.deepEqual([said.edited, said.left_out, draft.label, draft.reviewed], [true, {}, 'a', { 1: [1], 2: [2] }]);
  assert.deepEqual([...(await unpack(said.planes))], [3, 0, 0, 0, 3, 0, 0, 0]);
});

test('a draft keeps what is left out, and comes back as it was', async () => {
  const work = analysed();
  work.byHand = { ed: 1, es: 0 };
  work.contours.leaveOut([0, 2], true);
  const draft = await work.draft('A');
  const back = Work.onDraft(cine, await unpack(draft.planes), draft);
  assert.deepEqual(await back.draft('A'), draft);
  assert.deepEqual([draft.ed_frame, draft.es_frame, draft.left_out], [2, 1, { 1: [1], 2: [1] }]);
  assert.deepEqual([...(await unpack((await back.said()).planes))], [0, 0, 0, 3, 0, 0, 0, 0]);
});

test('a label opened again has the marks that it was submitted with, unless nobody said', () => {
  const voxels = new Uint8Array(8);
  assert.deepEqual([...Work.onLabel(cine, voxels, label).reviewed()], [1]);
  assert.deepEqual([...Work.onLabel(cine, voxels, { ...label, assumed_reviewed: true }).reviewed()], []);
});
