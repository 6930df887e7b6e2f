// A person's way through the films of a study, in a real browser on a real server that tells films by their brightness:
// from the study list to a class in the store. Arguments: Python, folder of studies, data folder, folder for pictures
// and for report.json, which says what the person saw. `views` in it name pictures that differ by the heat map alone,
// with the places on the screen of points of the image, for the test to compare pixels.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { onScreen, openBrowser, settled } from './browser.mjs';
import { Server } from './server.mjs';

const [python, studies, data, out] = process.argv.slice(2);
const points = JSON.parse(process.env.POINTS); // name → [column, row] of the first film
const server = new Server(python, studies, data);
await server.start();
const { page, seen, close, panel } = await openBrowser(server.address, { element: 'radloop-chest' });
const report = { views: {} };
const began = Date.now();
const step = name => console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${name}`);
const picture = name => page.screenshot({ path: `${out}/${name}.png` });

const share = name => panel.by('probabilities').locator(`[data-class="${name}"]`).getAttribute('data-value');
const choice = name => page.locator(`radloop-chest [data-test=say][data-class="${name}"]`);
const layers = () => page.locator('.radloop-heat').count();
/** Everything in the panel that a person or a screen reader could come across. */
const everything = () => page.locator('radloop-chest').evaluate(panel => panel.shadowRoot.innerHTML.replace(/<!--.*?-->|<style>.*?<\/style>/gs, ''));

/** The same view with the heat map and without. */
async function view(name) {
  const places = {};
  for (const [point, pixel] of Object.entries(points)) places[point] = await onScreen(page, pixel);
  report.views[name] = places;
  await picture(`${name}-with`);
  await panel.click('heat');
  await page.waitForFunction(() => !document.querySelector('.radloop-heat'));
  await picture(`${name}-without`);
  await panel.click('heat');
  await page.waitForFunction(() => document.querySelector('.radloop-heat'));
}

async function drag(button, from, by) {
  const { x, y } = await onScreen(page, from);
  await page.mouse.move(x, y);
  await page.mouse.down({ button });
  await page.mouse.move(x + by[0], y + by[1], { steps: 4 });
  await page.mouse.up({ button });
  await settled(page);
}

try {
  step('from the study list to a class');
  await page.goto(`${server.address}/ohif/`);
  await page.getByText('Films, Sample').first().click();
  assert.equal(await page.getByRole('button', { name: 'Heart' }).count(), 0);
  await page.getByRole('button', { name: 'Chest X-ray' }).click();
  await panel.by('label').waitFor();
  await settled(page);
  const study = new URL(page.url()).searchParams.get('StudyInstanceUIDs');
  const { films } = await server.ask(`/radloop/films?study=${study}`);
  const said = await server.ask(`/infer/cxr_classifier?image=${films[0].image}&output=json`, { method: 'POST' });
  Object.assign(report, { image: films[0].image, aside: films[1].image, version: said.model_version });
  assert.equal(await panel.text('label'), said.label);
  for (const [name, part] of Object.entries(said.prediction)) assert.equal(Number(await share(name)), part);
  assert.equal(await panel.text('probability'), `${Math.round(100 * said.prediction[said.label])} %`);
  assert.match(await panel.text('meaning'), /50 of 100 films show bright.*named from 60 % on/);
  assert.match(await panel.text('version'), new RegExp(said.model_version));
  assert.match(await page.locator('radloop-chest .research').innerText(), /research, not a medical device/);
  assert.match(await panel.by('films').locator('option:checked').innerText(), /^PA · First/);

  step('the heat map lies on the film, and follows it');
  await view('first');
  await drag('right', [160, 128], [0, -60]); // zoom
  await drag('middle', [160, 128], [70, -50]); // pan
  await drag('left', [160, 128], [40, 30]); // window
  await view('moved');
  const slider = panel.by('opacity');
  await slider.focus();
  await page.keyboard.press('End');
  await picture('opaque');
  await page.keyboard.press('Home');
  await page.waitForFunction(() => !document.querySelector('.radloop-heat'));
  await slider.press('End');
  assert.equal(await layers(), 1);

  step('a film without an answer shows no class');
  await panel.by('films').selectOption({ index: 1 });
  await panel.shows('reason', 'This is no film');
  await settled(page);
  assert.equal(await layers(), 0);
  report.abstained = await everything();
  await picture('abstained');

  step('a server that is away');
  await page.route('**/radloop/classify*', route => route.abort('connectionrefused'));
  await panel.by('films').selectOption({ index: 0 });
  await panel.shows('problem', 'does not answer');
  await page.unroute('**/radloop/classify*');
  assert.equal(seen.failed.length, 1);
  seen.failed.length = seen.errors.length = 0; // the browser says that nobody answered
  await panel.click('analyse');
  await panel.by('label').waitFor();
  assert.equal(await panel.by('problem').count(), 0);

  step("a person's own class, twice, and once of what the model does not speak of");
  assert.equal(await panel.by('submit').isDisabled(), true);
  await panel.by('author').fill('Dr Ada');
  for (const name of ['bright', 'dark']) {
    await choice(name).click();
    await panel.click('submit');
    await panel.shows('notice', 'submitted');
    await panel.shows('labels', name);
  }
  assert.equal(await panel.text('state'), 'submitted');
  await panel.by('films').selectOption({ index: 1 });
  await panel.click('all-the-same');
  await choice('dark').click();
  await panel.click('submit');
  await panel.shows('notice', 'submitted');
  await page.reload();
  await panel.by('label').waitFor();
  assert.equal(await panel.text('state'), 'submitted');
  assert.equal(await choice('dark').getAttribute('aria-pressed'), 'true');
  assert.equal(await choice('bright').getAttribute('aria-pressed'), 'false');
  assert.match(await panel.text('labels'), /^dark Dr Ada .* bright Dr Ada/);
  await settled(page);
  await picture('submitted');

  step('another image in the viewer, and back');
  await page.locator('[data-cy="side-panel-header-left"]').first().click();
  await page.locator('[data-cy^="study-browser-thumbnail"]').filter({ hasText: 'Aside' }).dblclick();
  await panel.by('bring').waitFor();
  assert.equal(await layers(), 0);
  await panel.click('bring');
  await page.waitForFunction(() => document.querySelector('.radloop-heat'));

  step('a header that lies');
  await page.goto(`${server.address}/ohif/radloop-chest?StudyInstanceUIDs=${process.env.LIAR}`);
  await panel.shows('warnings', 'MONOCHROME1');
  await settled(page);
  if (await panel.by('heat').count()) await panel.click('heat');
  report.liar = await onScreen(page, [20, 20]);
  await picture('negative');
  await panel.click('invert');
  await settled(page);
  await picture('turned');

  step('a study without films');
  await page.goto(`${server.address}/ohif/radloop-chest?StudyInstanceUIDs=${process.env.CINE}`);
  await panel.shows('problem', 'no radiograph');
  await settled(page);
  await picture('no-film');

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
