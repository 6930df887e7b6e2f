/** A heat map over a film: a canvas of the map's own size between the picture and the viewer's annotations. */

import type { StackViewport } from './ohif';

export interface Heat {
  /** 0 nothing to 255 most, row by row */
  pixels: Uint8Array;
  rows: number;
  columns: number;
}

/** From black over violet and orange to pale yellow, in equal steps. */
const COLOURS = [
  [0, 0, 4],
  [87, 16, 110],
  [188, 55, 84],
  [249, 142, 9],
  [252, 255, 164],
];

/** Red, green, blue and opacity, 0 to 255: where nothing was seen, the film stays as it is. */
export function tint(value: number): [number, number, number, number] {
  const at = (value / 255) * (COLOURS.length - 1);
  const below = Math.min(COLOURS.length - 2, Math.floor(at));
  const [from, to] = [COLOURS[below], COLOURS[below + 1]];
  const [r, g, b] = from.map((channel, i) => Math.round(channel + (to[i] - channel) * (at - below)));
  return [r, g, b, value];
}

export function paint({ pixels, rows, columns }: Heat): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = columns;
  canvas.height = rows;
  canvas.className = 'radloop-heat';
  canvas.style.cssText = 'position:absolute;left:0;top:0;transform-origin:0 0;pointer-events:none';
  const picture = new ImageData(columns, rows);
  pixels.forEach((value, i) => picture.data.set(tint(value), 4 * i));
  canvas.getContext('2d')!.putImageData(picture, 0, 0);
  return canvas;
}

/** Lay the canvas over the film as the viewport shows it now, whichever way it was moved, zoomed or turned. */
export function lay(canvas: HTMLCanvasElement, viewport: StackViewport): void {
  const shown = viewport.getImageData();
  if (!shown) return;
  const holder = viewport.element.querySelector('.viewport-element') ?? viewport.element;
  if (canvas.parentElement !== holder) holder.insertBefore(canvas, holder.querySelector(':scope > svg'));
  const [columns, rows] = shown.dimensions;
  // Indices name the middles of pixels, so that the picture's corner lies half a pixel before the first.
  const corner = (column: number, row: number) =>
    viewport.worldToCanvas(shown.imageData.indexToWorld([column - 0.5, row - 0.5, 0]));
  const [x, y] = corner(0, 0);
  const [rightX, rightY] = corner(columns, 0);
  const [downX, downY] = corner(0, rows);
  const { width, height } = canvas;
  const matrix = [(rightX - x) / width, (rightY - y) / width, (downX - x) / height, (downY - y) / height, x, y];
  canvas.style.transform = `matrix(${matrix.join(',')})`;
}
