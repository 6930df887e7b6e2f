// Opens studies in the panel of a running server, one after the other, and says what a person sees of each.
// Arguments: address of the server, folder for pictures and for visits.json, and a list in JSON of
// {name, study, save: whether SEG and SR are saved to the archive}. visits.json has one object a study:
//   ef, ef_text, rv_ef, state, warnings, version    as they stand in the panel; absent where there is no result
//   problem, others                                 why there is none
//   saved                                           the server's sentence about SEG and SR
import { writeFileSync } from 'node:fs';
import { openBrowser, settled } from './browser.mjs';

const [address, out, list] = process.argv.slice(2);
const { page, seen, close, panel } = await openBrowser(address, { width: 1040, height: 640 }); // drawn in software: small is quick
const visits = {};

async function seenOf({ name, save }) {
  const said = (visits[name] = {});
  await panel.by('lv-ef').or(panel.by('problem')).first().waitFor({ timeout: 300_000 });
  if (await panel.by('problem').count()) {
    await page.waitForTimeout(1000); // whatever the viewer can show of the study comes beside it
    said.problem = await panel.text('problem');
    if (await panel.by('others').count()) said.others = await panel.text('others');
    return;
  }
  await settled(page);
  for (const one of ['state', 'version']) said[one] = await panel.text(one);
  said.warnings = (await panel.by('warnings').count()) ? await panel.text('warnings') : '';
  said.ef = await panel.value('lv-ef');
  said.ef_text = await panel.text('lv-ef');
  said.rv_ef = await panel.value('rv-ef');
  if (save) {
    await panel.click('export');
    await panel.shows('notice', /SEG \(series \d+\) and SR \(series \d+\)/);
    said.saved = await panel.text('notice');
  }
}

try {
  for (const one of JSON.parse(list)) {
    await page.goto(`${address}/ohif/radloop?StudyInstanceUIDs=${one.study}`);
    await seenOf(one);
    await page.locator('radloop-heart').evaluate(panel => panel.scrollTo(0, 0));
    await page.screenshot({ path: `${out}/${one.name}.png` });
  }
} catch (fault) {
  await page.screenshot({ path: `${out}/fault.png` }).catch(() => {});
  console.log(visits, seen);
  throw fault;
} finally {
  writeFileSync(`${out}/visits.json`, JSON.stringify({ visits, ...seen }));
  await close();
}
