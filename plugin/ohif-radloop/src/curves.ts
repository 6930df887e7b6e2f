/** Volume over the cardiac cycle: LV and RV, ED and ES, and the frame that is on the screen. */

import { svg, type SVGTemplateResult } from 'lit';

export interface Curve {
  name: string;
  colour: string;
  values: number[];
}

interface Drawing {
  curves: Curve[];
  unit: string;
  times: number[] | null;
  ed: number;
  es: number;
  at: number | null;
  jump(frame: number): void;
}

const WIDTH = 340;
const HEIGHT = 150;
const LEFT = 34;
const RIGHT = 8;
const TOP = 12;
const BOTTOM = 26;

export function drawCurves({ curves, unit, times, ed, es, at, jump }: Drawing): SVGTemplateResult {
  const frames = curves[0].values.length;
  const step = niceStep(Math.max(1, ...curves.flatMap(({ values }) => values)));
  const top = step * Math.ceil(Math.max(...curves.flatMap(({ values }) => values)) / step) || step;
  const x = (frame: number) => LEFT + ((WIDTH - LEFT - RIGHT) * frame) / Math.max(1, frames - 1);
  const y = (value: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step);
  const click = (event: MouseEvent) => {
    const box = (event.currentTarget as SVGElement).getBoundingClientRect();
    const across = (((event.clientX - box.left) / box.width) * WIDTH - LEFT) / (WIDTH - LEFT - RIGHT);
    jump(Math.min(frames - 1, Math.max(0, Math.round(across * (frames - 1)))));
  };
  const time = (frame: number) => (times ? `${Math.round(times[frame] - times[0])}` : `${frame + 1}`);
  const marks = times ? [0, Math.floor((frames - 1) / 2), frames - 1] : [0, frames - 1];
  return svg`
    <svg class="curves" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Volume over the cardiac cycle" @click=${click}>
      ${ticks.map(
        tick => svg`
          <line class="grid" x1=${LEFT} x2=${WIDTH - RIGHT} y1=${y(tick)} y2=${y(tick)} />
          <text x=${LEFT - 5} y=${y(tick) + 3} text-anchor="end">${tick}</text>`,
      )}
      ${[['ED', ed] as const, ['ES', es] as const].map(
        ([name, frame]) => svg`
          <line class="phase" x1=${x(frame)} x2=${x(frame)} y1=${TOP} y2=${HEIGHT - BOTTOM} />
          <text class="phase" x=${x(frame)} y=${TOP - 3} text-anchor=${frame ? 'middle' : 'start'}>${name}</text>`,
      )}
      ${curves.map(
        ({ name, colour, values }) => svg`
          <polyline data-curve=${name} fill="none" stroke=${colour} stroke-width="2" stroke-linejoin="round"
            points=${values.map((value, frame) => `${x(frame).toFixed(1)},${y(value).toFixed(1)}`).join(' ')} />`,
      )}
      ${at === null ? '' : svg`<line class="now" data-frame=${at + 1} x1=${x(at)} x2=${x(at)} y1=${TOP} y2=${HEIGHT - BOTTOM} />`}
      ${at === null ? '' : curves.map(({ colour, values }) => svg`<circle cx=${x(at)} cy=${y(values[at])} r="3.5" fill=${colour} />`)}
      ${marks.map(
        (frame, i) => svg`<text x=${x(frame)} y=${HEIGHT - BOTTOM + 12} text-anchor=${['start', 'middle', 'end'][i === marks.length - 1 ? 2 : i]}>${time(frame)}</text>`,
      )}
      <text x=${LEFT - 5} y=${HEIGHT - BOTTOM + 12} text-anchor="end">${unit}</text>
      <text x=${WIDTH - RIGHT} y=${HEIGHT - 3} text-anchor="end">${times ? 'ms after the R wave' : 'frame'}</text>
    </svg>`;
}

/** A step of 1, 2 or 5 times a power of ten that makes three to five ticks. */
function niceStep(top: number): number {
  const power = 10 ** Math.floor(Math.log10(top / 3));
  return power * ([1, 2, 5, 10].find(n => top / (n * power) <= 5) ?? 10);
}
