/** Which planes a person reviewed: slices downwards, frames across; a click goes there. */

import { svg, type SVGTemplateResult } from 'lit';
import type { Contours } from './contours';
import { range, type Position } from './places';

const WIDTH = 340;
const LEFT = 16;
const TOP = 11;

export function drawMap(
  contours: Contours,
  marked: Set<number>,
  at: Position | null,
  phases: { ed: number; es: number } | null,
  jump: (to: Position) => void,
): SVGTemplateResult {
  const { frames, slices } = contours;
  const wide = (WIDTH - LEFT) / frames;
  const high = Math.min(14, Math.max(7, wide));
  const state = (plane: number, here: boolean) =>
    [
      contours.leftOut.has(plane) ? 'out' : contours.edited.has(plane) ? 'edited' : marked.has(plane) ? 'marked' : '',
      here ? 'here' : '',
    ].join(' ');
  const cell = (frame: number, slice: number) => svg`
    <rect class=${state(frame * slices + slice, at?.frame === frame && at.slice === slice)}
      data-place="${frame + 1}/${slice + 1}" x=${LEFT + frame * wide + 0.75} y=${TOP + slice * high + 0.75}
      width=${wide - 1.5} height=${high - 1.5} rx="2" @click=${() => jump({ frame, slice })}>
      <title>frame ${frame + 1}, slice ${slice + 1}</title>
    </rect>`;
  return svg`
    <svg class="map" viewBox="0 0 ${WIDTH} ${TOP + slices * high + 1}" role="img" aria-label="Reviewed frames and slices">
      ${phases ? [['ED', phases.ed] as const, ['ES', phases.es] as const].map(
        ([name, frame]) => svg`<text x=${LEFT + (frame + 0.5) * wide} y="8" text-anchor="middle">${name}</text>`,
      ) : ''}
      ${range(slices).map(
        slice => svg`<text x="0" y=${TOP + slice * high + high / 2 + 3}>${slice + 1}</text>
          ${range(frames).map(frame => cell(frame, slice))}`,
      )}
    </svg>`;
}
