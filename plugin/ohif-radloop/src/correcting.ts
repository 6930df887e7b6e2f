/** The part of the panel where contours are corrected. */

import { html, type TemplateResult } from 'lit';
import type { HeartPanel } from './panel';
import type { Look, Tool } from './view';
import type { Work } from './work';

const TOOLS: [Tool, string][] = [
  ['look', 'Look'],
  ['brush', 'Brush'],
  ['eraser', 'Eraser'],
];
const LOOKS: [Look, string][] = [
  ['outline', 'Contours'],
  ['fill', 'Filled'],
  ['none', 'Hidden'],
];

export function correcting(panel: HeartPanel, { contours }: Work): TemplateResult {
  const { heart } = panel;
  const { view } = heart;
  const at = view?.position() ?? null;
  const plane = at ? at.frame * contours.slices + at.slice : null;
  const out = plane !== null && contours.leftOut.has(plane);
  return html`<section>
    <h2>Contours</h2>
    <div class="row">
      ${LOOKS.map(
        ([look, name]) =>
          html`<button data-test="look-${look}" aria-pressed=${panel.look === look} @click=${() => panel.set({ look })}>${name}</button>`,
      )}
    </div>
    <div class="row">
      ${TOOLS.map(
        ([tool, name]) =>
          html`<button data-test="tool-${tool}" ?disabled=${!at} aria-pressed=${panel.tool === tool} @click=${() => panel.set({ tool })}>
            ${name}
          </button>`,
      )}
      <button data-test="undo" ?disabled=${!at} title="Ctrl+Z" @click=${() => view?.undo()}>Undo</button>
      <button data-test="redo" ?disabled=${!at} @click=${() => view?.redo()}>Redo</button>
    </div>
    ${panel.tool === 'look'
      ? ''
      : html`<div class="row">
            ${heart.segments.map(
              ({ value, name, meaning }) =>
                html`<button data-test="segment-${name}" title=${meaning} aria-pressed=${panel.segment === value}
                  @click=${() => panel.set({ segment: value })}>
                  <span class="swatch" style="--tint:${panel.tint(value)}"></span>${name}
                </button>`,
            )}
          </div>
          <div class="row">
            <span class="dim">Size</span>
            <input type="range" aria-label="Size of the brush" data-test="radius" min="1" max="25" step="0.5" .value=${String(panel.radius)}
              @input=${(event: Event) => panel.set({ radius: Number((event.target as HTMLInputElement).value) })} />
            <span class="dim">${panel.radius} mm</span>
          </div>`}
    <div class="row spread">
      <label class="row dim">
        <input type="checkbox" data-test="every-frame" .checked=${panel.everyFrame}
          @change=${(event: Event) => panel.set({ everyFrame: (event.target as HTMLInputElement).checked })} />
        in every frame
      </label>
      <button data-test="leave-out" ?disabled=${!at} @click=${() => at && heart.leaveOut(at, panel.everyFrame, !out)}>
        ${out ? 'Take' : 'Leave'} slice ${at ? at.slice + 1 : ''} ${out ? 'in again' : 'out'}
      </button>
    </div>
  </section>`;
}
