// A real Chromium with WebGL in software, and what a person can see and do in it. Nothing of the page is called or
// set from here: its globals are only read, to know where a pixel of an image lies on the screen.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const plugin = new URL('../../../plugin/ohif-radloop/package.json', import.meta.url);
const { chromium } = createRequire(plugin)('playwright-core');

const GONE = /net::ERR_ABORTED/; // the viewer gives up requests for images that nobody looks at any more

export async function openBrowser(address, { width = 1360, height = 860, element = 'radloop-heart' } = {}) {
  const profile = mkdtempSync(join(tmpdir(), 'radloop-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    viewport: { width, height },
    acceptDownloads: true,
    args: [
      '--no-sandbox', '--disable-gpu', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic',
    ],
  });
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(180_000); // machines that test are busy with other tests, too
  const seen = { errors: [], elsewhere: [], failed: [] };
  page.on('pageerror', error => seen.errors.push(error.message));
  page.on('console', message => message.type() === 'error' && seen.errors.push(message.text().slice(0, 300)));
  page.on('request', request => {
    const url = new URL(request.url());
    if (/^(http|ws)/.test(url.protocol) && url.host !== new URL(address).host) seen.elsewhere.push(request.url());
  });
  page.on('requestfailed', request => {
    const why = request.failure()?.errorText ?? '';
    if (!GONE.test(why)) seen.failed.push(`${request.url()} ${why}`);
  });
  page.on('response', response => response.status() >= 400 && seen.failed.push(`${response.status()} ${response.url()}`));
  const close = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  };
  return { page, seen, close, panel: panelOf(page, element) };
}

/** The panel as a person finds it: by what stands on it. Playwright looks into shadow roots by itself. */
function panelOf(page, element) {
  const by = name => page.locator(`${element} [data-test="${name}"]`);
  return {
    by,
    text: async name => (await by(name).innerText()).replace(/\s+/g, ' ').trim(),
    value: async name => Number(await by(name).getAttribute('data-value')),
    click: name => by(name).click(),
    place: (frame, slice) => page.locator(`${element} rect[data-place="${frame}/${slice}"]`),
    inSight: async name => {
      const [box, around] = [await by(name).boundingBox(), await page.locator(element).boundingBox()];
      return box.y >= around.y - 1 && box.y + box.height <= around.y + around.height + 1;
    },
    shows: (name, pattern, timeout = 120_000) => by(name).filter({ hasText: pattern }).waitFor({ timeout }),
  };
}

/** Wait until the viewer has drawn what it has to draw: two readings of the picture that are the same. */
export async function settled(page) {
  await page.waitForFunction(
    () => {
      const shown = globalThis.cornerstone?.getEnabledElements() ?? [];
      return shown.length > 0 && shown.every(({ viewport }) => viewport.getImageData?.());
    },
    null,
    { timeout: 60_000 },
  );
  let before;
  for (let i = 0; i < 60; i++) {
    await page.waitForTimeout(120);
    const now = await page.evaluate(() => {
      const { canvas } = globalThis.cornerstone.getEnabledElements()[0].viewport;
      const { data } = canvas.getContext('2d').getImageData(0, canvas.height >> 1, canvas.width, 8);
      return data.reduce((sum, value, i) => (sum * 31 + value + i) | 0, 0);
    });
    if (now === before) return;
    before = now;
  }
  throw new Error('the picture does not come to rest');
}

/** Where a pixel of the image (column, row) lies on the screen. */
export const onScreen = (page, pixel) =>
  page.evaluate(([column, row]) => {
    const { viewport } = globalThis.cornerstone.getEnabledElements()[0];
    const { imageToWorldCoords } = globalThis.cornerstone.utilities;
    const [x, y] = viewport.worldToCanvas(imageToWorldCoords(viewport.getCurrentImageId(), [column, row]));
    const box = viewport.element.getBoundingClientRect();
    return { x: box.x + x, y: box.y + y };
  }, pixel);

/** The picture on the screen along a row of the image: each pixel of the screen, with its place in image columns. */
export const alongRow = (page, row, columns) =>
  page.evaluate(
    ([row, columns]) => {
      const { viewport } = globalThis.cornerstone.getEnabledElements()[0];
      const { imageToWorldCoords } = globalThis.cornerstone.utilities;
      const at = column => viewport.worldToCanvas(imageToWorldCoords(viewport.getCurrentImageId(), [column, row]));
      const [[left, y], [right]] = [at(0), at(columns - 1)].map(point => point.map(v => v * devicePixelRatio));
      const [from, width] = [Math.round(left), Math.round(right - left)];
      const { data } = viewport.canvas.getContext('2d').getImageData(from, Math.round(y), width, 1);
      return Array.from({ length: width }, (_, i) => ({
        column: ((from + i + 0.5 - left) / (right - left)) * (columns - 1),
        colour: [...data.subarray(4 * i, 4 * i + 3)],
      }));
    },
    [row, columns],
  );
