/** The panel *Heart*: a custom element that shows the work on a cine and passes on what the person does. */

import { html, nothing, type TemplateResult } from 'lit';
import { AskingPanel, RESEARCH } from './askingpanel';
import { correcting } from './correcting';
import { drawCurves } from './curves';
import { asCsv, asText, current, GROUPS, percent, volume } from './figures';
import type { Heart } from './heart';
import { reviewing } from './reviewing';
import type { Look, Tool } from './view';
import type { Work } from './work';

export class HeartPanel extends AskingPanel {
  static heart: Heart;

  readonly heart = HeartPanel.heart;
  tool: Tool = 'look';
  segment = 3;
  radius = 6;
  look: Look = 'outline';
  everyFrame = true;
  copied = false;

  protected override get errands(): Heart {
    return this.heart;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('beforeunload', this.leaving);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('beforeunload', this.leaving);
  }

  set(change: Partial<Pick<HeartPanel, 'tool' | 'segment' | 'radius' | 'look' | 'everyFrame'>>): void {
    Object.assign(this, change);
    if ('look' in change) this.heart.view?.look(this.look);
    else if (!('everyFrame' in change)) this.heart.view?.use(this.tool, this.segment, this.radius);
    this.requestUpdate();
  }

  tint(segment: number): string {
    const colour = this.heart.segments.find(({ value }) => value === segment)?.colour ?? [128, 128, 128];
    return `rgb(${colour.join(' ')})`;
  }

  protected override render(): TemplateResult {
    const { heart } = this;
    return html`
      ${this.heading()} ${this.messages()} ${this.whatNow()}
      ${heart.work ? html`${this.results(heart.work)} ${this.cycle(heart.work)} ${correcting(this, heart.work)} ${reviewing(this, heart.work)}` : nothing}
      ${this.others()}
    `;
  }

  private heading(): TemplateResult {
    const { heart } = this;
    const { cine } = heart;
    const state = { new: 'new', analysed: 'analysed', reviewed: 'in review', submitted: 'submitted' };
    const choose = (event: Event) => {
      const chosen = heart.cases.find(({ image }) => image === (event.target as HTMLSelectElement).value);
      if (chosen) void heart.begin(chosen).then(() => heart.view?.bring());
    };
    return html`<header>
      <div class="row spread">
        <h1>Heart</h1>
        ${cine ? html`<span class="pill ${cine.state}" data-test="state">${state[cine.state]}</span>` : nothing}
      </div>
      ${RESEARCH}
      ${heart.cases.length > 1
        ? html`<div class="row" style="margin-top:8px">
            <select aria-label="Cine" @change=${choose}>
              ${heart.cases.map(one => html`<option value=${one.image} ?selected=${one === cine}>${one.description}</option>`)}
            </select>
          </div>`
        : nothing}
    </header>`;
  }

  private whatNow(): TemplateResult {
    const { heart } = this;
    const away = heart.work && !heart.doing && !heart.view?.position();
    return html`
      ${away
        ? html`<div class="message row spread">
            The viewer shows another series. <button data-test="bring" @click=${() => heart.view?.bring()}>Show the cine</button>
          </div>`
        : nothing}
      ${heart.cine && !heart.work && !heart.doing
        ? html`<section><button class="main" data-test="analyse" @click=${() => heart.analyse()}>Analyse</button></section>`
        : nothing}
    `;
  }

  private results(work: Work): TemplateResult {
    const { measurements: said, behind } = this.heart.following;
    const now = current(said, work.counted(), behind, work.cine.voxel_ml != null);
    const ef = (name: string, tint: string, value: number | null | undefined, test: string) => html`
      <div class="ef" style="--tint:${tint}">
        <span class="dim">${name} ejection fraction</span>
        <b data-test=${test} data-value=${value ?? ''}>${percent(value)} <small>%</small></b>
      </div>`;
    const line = (name: string, lv: unknown, rv: unknown, unit: string) =>
      html`<tr>
        <th>${name}</th>
        <td>${lv}</td>
        <td>${rv}</td>
        <td class="dim" style="width:2.6em">${unit}</td>
      </tr>`;
    return html`<section>
      <div class="efs">
        ${ef('LV', this.tint(3), now.lv_ef, 'lv-ef')} ${ef('RV', this.tint(1), now.rv_ef, 'rv-ef')}
      </div>
      ${this.warnings()}
      <table data-test="table" class=${behind ? 'behind' : ''}>
        <thead>
          <tr>
            <th></th>
            <th><span class="swatch" style="--tint:${this.tint(3)}"></span>LV</th>
            <th><span class="swatch" style="--tint:${this.tint(1)}"></span>RV</th>
            <th></th>
          </tr>
        </thead>
        <tbody>
          ${line('End-diastolic volume', volume(now.lv_edv_ml), volume(now.rv_edv_ml), 'mL')}
          ${line('End-systolic volume', volume(now.lv_esv_ml), volume(now.rv_esv_ml), 'mL')}
          ${line('Stroke volume', volume(now.lv_sv_ml), volume(now.rv_sv_ml), 'mL')}
          ${line('Ejection fraction', percent(now.lv_ef), percent(now.rv_ef), '%')}
          ${line('Mass', behind ? '…' : volume(now.lv_mass_g), '', 'g')}
        </tbody>
      </table>
      ${this.group()}
      <div class="row spread" style="margin-top:8px">
        <span class="dim" data-test="version">
          ${said?.model_version ? html`${said.model ?? 'model'} ${said.model_version}` : 'model unknown'}
        </span>
        <span class="row">
          <button data-test="copy" ?disabled=${!said || behind} @click=${this.copy}>${this.copied ? 'Copied' : 'Copy'}</button>
          <button data-test="csv" ?disabled=${!said || behind} @click=${this.download}>CSV</button>
        </span>
      </div>
    </section>`;
  }

  private cycle(work: Work): TemplateResult | typeof nothing {
    const { heart } = this;
    const { view } = heart;
    const { cine } = work;
    if (!view) return nothing;
    const counted = work.counted();
    const at = view.position();
    const set = (phase: 'ed' | 'es', name: string) => {
      const frame = counted?.[phase];
      const hand = work.byHand[phase] !== null;
      return html`<span class="pair">
        <button class="link" data-test="go-${phase}" ?disabled=${frame === undefined} @click=${() => view.jump({ frame })}>
          ${name}: frame ${frame === undefined ? '–' : frame + 1}
        </button>
        ${hand
          ? html`<button data-test="auto-${phase}" @click=${() => heart.setPhase(phase, null)}>by hand ✕</button>`
          : html`<button data-test="set-${phase}" ?disabled=${!at} @click=${() => at && heart.setPhase(phase, at.frame)}>Set here</button>`}
      </span>`;
    };
    return html`<section>
      <h2>Cardiac cycle</h2>
      ${counted
        ? drawCurves({
            curves: [
              { name: 'LV', colour: this.tint(3), values: counted.lv },
              { name: 'RV', colour: this.tint(1), values: counted.rv },
            ],
            unit: cine.voxel_ml === null ? 'voxels' : 'mL',
            times: cine.times_ms,
            ed: counted.ed,
            es: counted.es,
            at: at?.frame ?? null,
            jump: frame => void view.jump({ frame }),
          })
        : nothing}
      <div class="row" style="margin-top:6px">
        <button data-test="play" ?disabled=${!at} aria-pressed=${view.playing} @click=${() => (view.playing ? view.pause() : view.play())}>
          ${view.playing ? 'Pause' : 'Play'}
        </button>
        <input type="range" aria-label="Frame" data-test="frame" min="1" max=${cine.frames} ?disabled=${!at}
          .value=${String((at?.frame ?? 0) + 1)}
          @input=${(event: Event) => view.jump({ frame: Number((event.target as HTMLInputElement).value) - 1 })} />
        <span class="dim" data-test="position">
          ${at ? html`frame ${at.frame + 1}/${cine.frames} · slice ${at.slice + 1}/${cine.slices}` : '–'}
        </span>
      </div>
      <div class="row spread">${set('ed', 'ED')} ${set('es', 'ES')}</div>
    </section>`;
  }

  private group(): TemplateResult | typeof nothing {
    const { measurements, behind } = this.heart.following;
    const diagnosis = measurements?.diagnosis;
    if (!diagnosis) return nothing;
    const named = (name: string) => GROUPS[name] ?? name;
    const ordered = Object.entries(diagnosis.probabilities).sort(([, a], [, b]) => b - a);
    return html`<details data-test="diagnosis" data-value=${diagnosis.label} class=${behind ? 'behind' : ''}>
      <summary><span class="dim">Suggested group</span> ${named(diagnosis.label)}</summary>
      ${ordered.map(
        ([name, part]) =>
          html`<div class="bar">
            <span>${named(name)}</span><i style="--part:${100 * part}%"></i><span>${Math.round(100 * part)} %</span>
          </div>`,
      )}
    </details>`;
  }

  private warnings(): TemplateResult | typeof nothing {
    const warnings = this.heart.following.measurements?.warnings ?? [];
    if (!warnings.length) return nothing;
    return html`<ul class="warnings" data-test="warnings">
      ${warnings.map(({ code, text }) => html`<li data-code=${code}>${text}</li>`)}
    </ul>`;
  }

  /** Why nothing can be analysed, series by series; beside a cine that can, it does not matter. */
  private others(): TemplateResult | typeof nothing {
    const { cases, others } = this.heart;
    if (cases.length || !others.length) return nothing;
    return html`<section>
      <h2>What is in this study</h2>
      <ul data-test="others">
        ${others.map(one => html`<li style="padding:4px 0">${one.description || 'Series'}<br /><span class="dim">${one.sentence}</span></li>`)}
      </ul>
    </section>`;
  }

  private copy = async (): Promise<void> => {
    const { measurements } = this.heart.following;
    if (!measurements) return;
    await toClipboard(asText(measurements));
    this.copied = true;
    this.requestUpdate();
    window.setTimeout(() => {
      this.copied = false;
      this.requestUpdate();
    }, 2000);
  };

  private download = (): void => {
    const { measurements } = this.heart.following;
    if (!measurements) return;
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([asCsv(measurements)], { type: 'text/csv' }));
    link.download = `${measurements.image}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  };

  private readonly leaving = (event: BeforeUnloadEvent): void => {
    const { saving } = this.heart.following;
    if (saving === 'waiting' || saving === 'failed') event.preventDefault();
  };
}

/** The modern clipboard is there on https and localhost only; a server in a hospital is often neither. */
async function toClipboard(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}
