// One person's way through a case, in a real browser on a real server: from the study list to a corrected label in
// the store and SEG and SR in the archive. Arguments: Python, folder of studies, data folder, folder for pictures
// and for report.json, which says what the person saw, for the test to compare with what was kept.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { alongRow, onScreen, openBrowser, settled } from './browser.mjs';
import { Server } from './server.mjs';

const [python, studies, data, out] = process.argv.slice(2);
const server = new Server(python, studies, data);
await server.start();
const { page, seen, close, panel } = await openBrowser(server.address);
const report = {};
const began = Date.now();
const step = name => console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${name}`);
const picture = name => page.screenshot({ path: `${out}/${name}.png` });
const top = () => page.locator('radloop-heart').evaluate(panel => panel.scrollTo(0, 0));

const unpack = planes => gunzipSync(Buffer.from(planes, 'base64'));
const near = (a, b, message) => assert.ok(Math.abs(a - b) < 0.01, `${message}: ${a} and ${b}`);

/** Labels of every image as they are on the screen, frame by frame; read, never set. */
const onScreenLabels = async () => {
  // Functions and no text: the viewer's page lets no text be run as a script.
  const ours = () =>
    globalThis.cornerstoneTools?.segmentation.state
      .getSegmentations()
      .find(one => one.segmentationId.startsWith('radloop-'))?.representationData.Labelmap.imageIds;
  await page.waitForFunction(ours);
  const ids = await page.evaluate(ours);
  return page.evaluate(
    ids => ids.map(id => Array.from(globalThis.cornerstone.cache.getImage(id).voxelManager.getScalarData())),
    ids,
  );
};
const differing = (before, after) =>
  before.flatMap((plane, n) => (plane.some((label, i) => label !== after[n][i]) ? [n] : []));

/** Columns of the image between which the LV's contour (red) is seen in a row, and those that the labels say. */
async function lvOnScreen(row, columns) {
  const line = await alongRow(page, row, columns);
  const red = line.filter(({ colour: [r, g, b] }) => r - g > 80 && r - b > 80).map(({ column }) => column);
  return [red[0], red.at(-1)];
}
const lvInLabels = (plane, row, columns) => {
  const inside = [...plane.subarray(row * columns, (row + 1) * columns)].flatMap((label, i) => (label === 3 ? [i] : []));
  return [inside[0] - 0.5, inside.at(-1) + 0.5]; // edges of pixels whose centres have whole numbers
};

const server_measures = async image => {
  const draft = await server.ask(`/radloop/draft?image=${image}`);
  const { planes, from_version, ed_frame, es_frame } = draft;
  const body = JSON.stringify({ planes, from_version, ed_frame, es_frame });
  const headers = { 'content-type': 'application/json' };
  return server.ask(`/radloop/measure?image=${image}`, { method: 'POST', headers, body });
};

async function stroke(from, to) {
  const [a, b] = [await onScreen(page, from), await onScreen(page, to)];
  await page.mouse.move(a.x, a.y);
  await page.mouse.down();
  await page.mouse.move(b.x, b.y, { steps: 3 });
  await page.mouse.up();
}

try {
  step('from the study list to an EF');
  let clicks = 0;
  const click = async what => (clicks++, await what.click());
  await page.goto(`${server.address}/ohif/`);
  await page.getByText('Cine, Sample').first().waitFor();
  await picture('study-list');
  await click(page.getByText('Cine, Sample').first());
  await click(page.getByRole('button', { name: 'Heart' }));
  await panel.by('lv-ef').waitFor({ timeout: 240_000 });
  report.clicks = clicks;
  assert.equal(clicks, 2);
  const study = new URL(page.url()).searchParams.get('StudyInstanceUIDs');
  const [cine] = (await server.ask(`/radloop/cases?study=${study}`)).cases;
  const analysis = await server.ask(`/radloop/analyse?image=${cine.image}`, { method: 'POST' });
  Object.assign(report, { study, image: cine.image, analysed: analysis.measurements });
  near(await panel.value('lv-ef'), analysis.measurements.lv_ef, 'LV EF');
  near(Number((await panel.text('lv-ef')).replace('%', '')), analysis.measurements.lv_ef, 'LV EF as it is written');
  near(await panel.value('rv-ef'), analysis.measurements.rv_ef, 'RV EF');
  assert.equal(await panel.value('reviewed'), 0);
  await settled(page);

  step('the contours are those of the phase');
  const labels = unpack(analysis.planes);
  const { rows, columns, slices, frames } = cine;
  const plane = (frame, slice) => {
    const n = (frame - 1) * slices + slice - 1;
    return labels.subarray(n * rows * columns, (n + 1) * rows * columns);
  };
  const where = async () => (await panel.text('position')).match(/frame (\d+)\/\d+ · slice (\d+)/).slice(1).map(Number);
  const { ed_frame: ed, es_frame: es } = analysis.measurements;
  const [, slice] = await where();
  const lvRows = [...plane(es, slice)].flatMap((label, i) => (label === 3 ? [Math.floor(i / columns)] : []));
  const row = lvRows[lvRows.length >> 1];
  const widths = [];
  for (const [name, frame] of [['ed', ed], ['es', es]]) {
    await panel.click(`go-${name}`);
    await panel.shows('position', `frame ${frame}/`);
    await settled(page);
    const [seenEdges, saidEdges] = [await lvOnScreen(row, columns), lvInLabels(plane(frame, slice), row, columns)];
    seenEdges.forEach((edge, i) => assert.ok(Math.abs(edge - saidEdges[i]) < 0.6, `${name}: ${seenEdges} ${saidEdges}`));
    widths.push(seenEdges[1] - seenEdges[0]);
    await picture(name);
  }
  assert.ok(widths[0] > widths[1] + 1, `the LV is narrower at ES: ${widths}`);

  step('wheel by slice, curve and player by phase');
  const centre = await onScreen(page, [columns / 2, rows / 2]);
  await page.mouse.move(centre.x, centre.y);
  await page.mouse.wheel(0, 120);
  await panel.shows('position', `frame ${es}/${frames} · slice ${slice + 1}/`);
  const curve = page.locator('radloop-heart svg.curves');
  const box = await curve.boundingBox();
  await curve.click({ position: { x: box.width * 0.96, y: box.height / 2 } });
  await panel.shows('position', `frame ${frames}/${frames} · slice ${slice + 1}/`);
  assert.equal(await curve.locator('.now').getAttribute('data-frame'), String(frames));
  await panel.click('play');
  await page.waitForFunction(
    last => !document.querySelector('radloop-heart').shadowRoot.querySelector('.now[data-frame="' + last + '"]'),
    frames,
  );
  await panel.click('play');
  await settled(page);
  assert.equal((await where())[1], slice + 1);

  step('one stroke changes one frame, and the figures');
  await panel.click('go-es');
  await panel.click('tool-brush');
  await panel.click('segment-LV');
  await settled(page);
  const before = await onScreenLabels();
  const efBefore = await panel.value('lv-ef');
  const [frame, at] = await where();
  const target = (frame - 1) * slices + at - 1;
  await page.evaluate(() => {
    const ef = document.querySelector('radloop-heart').shadowRoot.querySelector('[data-test=lv-ef]');
    globalThis.watched = { ms: [] };
    const { SEGMENTATION_DATA_MODIFIED } = globalThis.cornerstoneTools.Enums.Events;
    let drawn = 0;
    globalThis.cornerstone.eventTarget.addEventListener(SEGMENTATION_DATA_MODIFIED, () => (drawn = performance.now()));
    new MutationObserver(() => globalThis.watched.ms.push(performance.now() - drawn)).observe(ef, { attributes: true });
  });
  const outside = [columns * 0.25, rows * 0.75];
  await stroke(outside, [outside[0] + 3, outside[1] + 2]);
  await page.waitForFunction(
    was => Number(document.querySelector('radloop-heart').shadowRoot.querySelector('[data-test=lv-ef]').dataset.value) < was,
    efBefore,
  );
  const after = await onScreenLabels();
  assert.deepEqual(differing(before, after), [target]);
  report.figures_follow_ms = await page.evaluate(() => globalThis.watched.ms);
  const counted = await panel.value('lv-ef');
  await panel.shows('saving', 'kept');
  await panel.shows('warnings', 'changed the contours');
  const said = await server_measures(cine.image);
  near(counted, said.lv_ef, 'EF counted in the panel');
  near(await panel.value('lv-ef'), said.lv_ef, 'EF of the server');
  assert.equal(await panel.value('reviewed'), 1);
  await picture('edited');
  await page.keyboard.press('Control+z');
  await panel.shows('reviewed', '0 of');
  assert.deepEqual(differing(before, await onScreenLabels()), []);
  near(await panel.value('lv-ef'), efBefore, 'EF after undo');
  await panel.click('redo');
  await panel.shows('reviewed', '1 of');
  assert.deepEqual(await onScreenLabels(), after);
  await panel.click('tool-look');

  step('what was reviewed');
  await panel.click('mark-phases');
  await panel.shows('reviewed', `${2 * slices} of`);
  await panel.click('mark-all');
  await panel.by('question').waitFor();
  await panel.by('question').getByRole('button', { name: 'Cancel' }).click();
  assert.equal(await panel.value('reviewed'), 2 * slices);
  await panel.place(2, 1).click();
  await panel.shows('position', `frame 2/${frames} · slice 1/`);
  await panel.click('mark-slice');
  await panel.shows('reviewed', `${2 * slices + 1} of`);

  step('a basal slice left out, ES by hand');
  await panel.click('leave-out');
  await panel.shows('warnings', /left out slice 1 in \d+ frames/);
  const without = await onScreenLabels();
  for (let n = 0; n < without.length; n++) {
    const gone = n % slices === 0;
    assert.deepEqual(without[n], gone ? without[n].map(() => 0) : after[n]);
  }
  await panel.click('set-es');
  await panel.shows('warnings', 'A person chose end systole (frame 2)');
  await panel.click('auto-es');
  await panel.click('leave-out');
  await panel.by('warnings').locator('[data-code=SLICES_LEFT_OUT]').waitFor({ state: 'detached' });
  assert.deepEqual(await onScreenLabels(), after);
  await panel.shows('saving', 'kept');

  step('work survives a reload');
  const efEdited = await panel.value('lv-ef');
  await page.reload();
  await panel.shows('notice', 'work is back');
  await settled(page);
  near(await panel.value('lv-ef'), efEdited, 'EF after reload');
  assert.equal(await panel.value('reviewed'), 2 * slices + 1);
  assert.deepEqual(await onScreenLabels(), after);

  step('a server that is away, and comes back');
  const known = seen.failed.length + seen.errors.length;
  await panel.place(2, 1).click();
  await panel.shows('position', `frame 2/${frames} · slice 1/`);
  await server.stop();
  await panel.click('mark-frame');
  await panel.shows('problem', 'Nothing is lost');
  assert.ok(await panel.inSight('problem'), 'what went wrong is seen without scrolling');
  await picture('away');
  await server.start();
  await panel.by('saving').and(page.locator('[data-value=kept]')).waitFor({ timeout: 60_000 });
  assert.equal(await panel.by('problem').count(), 0);
  const reviewedNow = await panel.value('reviewed');
  assert.ok(seen.failed.length + seen.errors.length > known);
  seen.failed.length = seen.errors.length = 0; // the browser says that nobody answered
  await page.reload();
  await panel.shows('notice', 'work is back');
  assert.equal(await panel.value('reviewed'), reviewedNow);
  await settled(page);

  step('submit, save to the archive, reload');
  await panel.by('author').fill('Dr Ada');
  await panel.click('submit');
  await panel.shows('notice', 'submitted');
  assert.ok(await panel.inSight('notice'), 'that it went well is seen without scrolling');
  assert.equal(await panel.text('state'), 'submitted');
  await panel.click('export');
  await panel.shows('notice', /SEG \(series \d+\) and SR \(series \d+\)/, 60_000);
  Object.assign(report, {
    labels: (await onScreenLabels()).map(one => Buffer.from(one).toString('base64')),
    ef: await panel.value('lv-ef'),
    reviewed: await panel.value('reviewed'),
    grid: { rows, columns, slices, frames },
  });
  await picture('submitted');
  await page.reload();
  await panel.shows('labels', 'Dr Ada');
  await panel.by('lv-ef').waitFor();
  await settled(page);
  near(await panel.value('lv-ef'), report.ef, 'EF of the label');
  assert.equal(await panel.value('reviewed'), report.reviewed);
  assert.deepEqual(await onScreenLabels(), after);

  step('the CSV, and the earlier label after a new analysis');
  const [file] = await Promise.all([page.waitForEvent('download'), panel.click('csv')]);
  await file.saveAs(`${out}/measurements.csv`);
  await panel.click('again');
  await panel.shows('reviewed', '0 of');
  near(await panel.value('lv-ef'), analysis.measurements.lv_ef, 'EF of the model again');
  await panel.click('reopen');
  await panel.shows('reviewed', `${report.reviewed} of`);
  await top();
  await settled(page);
  await picture('label');

  step('what cannot be analysed says why');
  await page.goto(`${server.address}/ohif/`);
  await page.getByText('Scout, Sample').first().click();
  await page.getByRole('button', { name: 'Heart' }).click();
  await panel.shows('problem', 'no short-axis cine');
  report.why = await panel.text('others');
  await settled(page);
  await picture('no-cine');

  step('the stock viewer opens what was saved');
  await page.goto(`${server.address}/ohif/viewer?StudyInstanceUIDs=${study}`);
  await page.getByText('Skip all').click(); // its introduction
  await page.getByText('SAX cine').first().dblclick();
  await settled(page);
  await page.getByText('Segmentation, all phases').first().dblclick();
  await page.getByText('Yes', { exact: true }).click();
  await page.waitForFunction(() => globalThis.cornerstoneTools.segmentation.state.getSegmentations().length > 0);
  await settled(page);
  await picture('stock-viewer');

  assert.deepEqual(seen, { errors: [], elsewhere: [], failed: [] });
  step('done');
} catch (fault) {
  await picture('fault').catch(() => {});
  console.log(seen, server.log);
  throw fault;
} finally {
  writeFileSync(`${out}/report.json`, JSON.stringify(report));
  await close();
  await server.stop();
}
