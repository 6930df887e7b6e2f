// Opens each patient's study from the study list in a real Chromium and times the way to contours on the screen.
// Arguments: address of the server, patients' names in JSON. Prints a list in JSON, for each patient seconds from
// the click on "Heart": asked (the panel asks for the analysis), answered, contours (seen on the screen); image;
// server: how long the server says that it took; and again: from a click on "Analyse again" to contours, when the
// server knows the answer.
import { openBrowser } from '../tests/viewers/ohif/browser.mjs';

const [address, patients] = process.argv.slice(2);
const { page, close, panel } = await openBrowser(address);
const analysis = request => new URL(request.url()).pathname === '/radloop/analyse';

/** In the page: whether the LV's red, which no grey picture has, is anywhere in the picture. */
const drawn = () => {
  const canvas = globalThis.cornerstone?.getEnabledElements()[0]?.viewport.canvas;
  if (!canvas?.width) return false;
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  // Lines are two pixels wide: every second pixel will do, and leaves the page time for its own work.
  for (let i = 0; i < data.length; i += 8) if (data[i] - data[i + 1] > 80 && data[i] - data[i + 2] > 80) return true;
  return false;
};

try {
  const rows = [];
  for (const patient of JSON.parse(patients)) {
    await page.goto(`${address}/ohif/`);
    await page.getByText(patient).first().click();
    const began = performance.now();
    const passed = () => (performance.now() - began) / 1000;
    const row = {};
    const [request] = await Promise.all([
      page.waitForEvent('requestfinished', { predicate: analysis }).then(done => ((row.answered = passed()), done)),
      page.waitForRequest(analysis).then(() => (row.asked = passed())),
      page.getByRole('button', { name: 'Heart' }).click(),
    ]);
    await page.waitForFunction(drawn, null, { polling: 20 });
    row.contours = passed();
    await panel.by('lv-ef').waitFor();
    const said = await (await request.response()).json();
    // Contours of this slice go away, so that those of the new analysis can be seen to come.
    await panel.click('leave-out');
    await page.waitForFunction(`!(${drawn})()`, null, { polling: 20 });
    await panel.shows('saving', 'kept');
    await panel.click('again');
    const clicked = performance.now();
    await panel.click('yes');
    await page.waitForFunction(drawn, null, { polling: 20 });
    const again = (performance.now() - clicked) / 1000;
    rows.push({ ...row, server: said.seconds, image: said.measurements.image, again });
  }
  console.log(JSON.stringify(rows));
} finally {
  await close();
}
