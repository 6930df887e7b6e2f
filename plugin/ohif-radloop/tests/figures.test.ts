import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Measurements } from '../src/answers';
import { asCsv, asText, current } from '../src/figures';

const said: Measurements = {
  image: '1.2.3',
  model: 'cine_heart',
  model_version: '0.1.0',
  n_frames: 2,
  spacing_mm: [1, 1, 8],
  times_ms: null,
  ed_frame: 1,
  es_frame: 2,
  lv_edv_ml: 120,
  lv_esv_ml: 48.005,
  lv_sv_ml: 71.995,
  lv_ef: 59.995833,
  rv_edv_ml: null,
  rv_esv_ml: null,
  rv_sv_ml: null,
  rv_ef: null,
  lv_mass_g: 96,
  curves: null,
  diagnosis: null,
  warnings: [{ code: 'NO_RV', text: 'No "right" ventricle, anywhere.' }],
};
const counted = { lv: [100, 40], rv: [50, 20], ed: 0, es: 1, lvEf: 60, rvEf: 60 };

test('the CSV is one that spreadsheets read: quotes doubled, unknown empty, nothing rounded away', () => {
  const lines = asCsv(said).split('\r\n');
  assert.equal(lines[0], 'quantity,value,unit');
  assert.ok(lines.includes('LV EF,60.00,%'));
  assert.ok(lines.includes('RV EF,,%'));
  assert.ok(lines.includes('note,"No ""right"" ventricle, anywhere.",'));
  assert.ok(lines.some(line => line.includes('not a medical device')));
});

test('the text says what is unknown and what must be noted', () => {
  const text = asText(said);
  assert.match(text, /LV EDV: 120 mL/);
  assert.match(text, /RV EF: unknown/);
  assert.match(text, /Note: No "right" ventricle/);
  assert.match(text, /For research, not a medical device\.$/);
});

test('while the server is behind, figures are counted here and the others are not shown', () => {
  assert.equal(current(said, counted, false, true), said);
  const now = current(said, counted, true, true);
  assert.deepEqual([now.lv_edv_ml, now.lv_esv_ml, now.lv_sv_ml, now.lv_ef], [100, 40, 60, 60]);
  assert.equal(now.lv_mass_g, null);
  assert.equal(current(said, counted, true, false).lv_edv_ml, null); // no voxel size, no mL
});
