/** The panel *Chest X-ray*: a custom element that shows what is said of a film and passes on what the person says. */

import { html, nothing, type TemplateResult } from 'lit';
import type { Classification, Film, SubmittedClass } from './answers';
import { AskingPanel, RESEARCH } from './askingpanel';
import type { Chest } from './chest';
import { meaning, share } from './shares';

export class ChestPanel extends AskingPanel {
  static chest: Chest;

  readonly chest = ChestPanel.chest;
  /** The film of which the person wants to say a class though the model says none. */
  private allTheSame: Film | null = null;

  protected override get errands(): Chest {
    return this.chest;
  }

  protected override render(): TemplateResult {
    const { answer, film } = this.chest;
    return html`
      ${this.heading()} ${this.messages()} ${this.whatNow()}
      ${answer ? (answer.abstained ? this.abstention(answer) : html`${this.results(answer)} ${this.evidence(answer)}`) : nothing}
      ${answer && film ? this.yours(film, answer) : nothing} ${film?.labels.length ? this.earlier(film.labels) : nothing}
    `;
  }

  private heading(): TemplateResult {
    const { chest } = this;
    const { film, films } = chest;
    const choose = (event: Event) => {
      const chosen = films.find(({ image }) => image === (event.target as HTMLSelectElement).value);
      if (chosen) void this.choose(chosen);
    };
    return html`<header>
      <div class="row spread">
        <h1>Chest X-ray</h1>
        ${film ? html`<span class="pill ${film.state}" data-test="state">${film.state}</span>` : nothing}
      </div>
      ${RESEARCH}
      ${films.length > 1
        ? html`<div class="row" style="margin-top:8px">
            <select aria-label="Film" data-test="films" @change=${choose}>
              ${films.map((one, i) => html`<option value=${one.image} ?selected=${one === film}>${named(one, i, films)}</option>`)}
            </select>
          </div>`
        : nothing}
    </header>`;
  }

  private whatNow(): TemplateResult | typeof nothing {
    const { film, answer, view, doing } = this.chest;
    if (!film || doing) return nothing;
    if (!answer)
      return html`<section>
        <button class="main" data-test="analyse" @click=${() => this.chest.analyse()}>Analyse</button>
      </section>`;
    if (view?.shown) return nothing;
    return html`<div class="message row spread">
      The viewer shows another image. <button data-test="bring" @click=${() => view?.bring()}>Show the film</button>
    </div>`;
  }

  /** Neither class nor probability: they would be read all the same. */
  private abstention(answer: Classification): TemplateResult {
    return html`<section data-test="abstained">
      <div class="verdict abstained">No answer</div>
      <p data-test="reason">${answer.reason}</p>
      <p class="dim">The model only speaks of frontal chest X-rays like those that it has learned from.</p>
      ${this.warnings(answer)} ${version(answer)}
    </section>`;
  }

  private results(answer: Classification): TemplateResult {
    const ordered = Object.entries(answer.prediction).sort(([, a], [, b]) => b - a);
    return html`<section>
      <div class="verdict">
        <span data-test="label">${answer.label}</span>
        <span class="dim" data-test="probability" data-value=${answer.prediction[answer.label!]}>${share(answer.prediction[answer.label!])}</span>
      </div>
      ${this.warnings(answer)}
      <div data-test="probabilities">
        ${ordered.map(
          ([name, part]) =>
            html`<div class="bar" data-class=${name} data-value=${part}>
              <span>${name}</span><i style="--part:${100 * part}%"></i><span>${share(part)}</span>
            </div>`,
        )}
      </div>
      <p class="meaning dim" data-test="meaning">${meaning(answer)}</p>
      ${version(answer)}
    </section>`;
  }

  private evidence(answer: Classification): TemplateResult | typeof nothing {
    const { chest } = this;
    if (!chest.heat) return nothing;
    const shown = chest.heatShown;
    const percent = Math.round(100 * chest.opacity);
    const slide = (event: Event) => chest.showHeat({ opacity: Number((event.target as HTMLInputElement).value) / 100, shown: true });
    return html`<section>
      <h2>Heat map</h2>
      <div class="row">
        <button data-test="heat" @click=${() => chest.showHeat({ shown: !shown })}>${shown ? 'Hide' : 'Show'}</button>
        <input type="range" aria-label="Opacity of the heat map" data-test="opacity" min="0" max="100" .value=${String(percent)} @input=${slide} />
        <span class="dim">opacity ${percent} %</span>
      </div>
      <p class="meaning dim">
        Bright is where the model saw the most that speaks for ${answer.positive ?? answer.label}, compared with the rest of this
        film. It says nothing about how much that is, and does not outline a finding.
      </p>
    </section>`;
  }

  private yours(film: Film, answer: Classification): TemplateResult {
    const { chest } = this;
    if (answer.abstained && this.allTheSame !== film && !film.labels.length)
      return html`<section>
        <h2>Your class</h2>
        <button data-test="all-the-same" @click=${() => this.sayAllTheSame(film)}>Say a class all the same …</button>
      </section>`;
    const ready = chest.said !== null && chest.author.trim() !== '' && chest.doing === null;
    return html`<section>
      <h2>Your class</h2>
      <div class="row" role="group" aria-label="Your class">
        ${chest.classes.map(
          name =>
            html`<button data-test="say" data-class=${name} aria-pressed=${chest.said === name} @click=${() => chest.say(name)}>
              ${name}
            </button>`,
        )}
      </div>
      <div class="row">
        <input type="text" data-test="author" placeholder="Your name" aria-label="Your name" maxlength="100" .value=${chest.author}
          @input=${(event: Event) => chest.setAuthor((event.target as HTMLInputElement).value)} />
        <button class="main" data-test="submit" ?disabled=${!ready} title=${ready ? '' : 'Choose a class and give your name'}
          @click=${() => chest.submit()}>Submit</button>
      </div>
    </section>`;
  }

  private earlier(labels: SubmittedClass[]): TemplateResult {
    return html`<section>
      <h2>Said by people</h2>
      <ul class="labels" data-test="labels">
        ${labels.map(
          ({ label, author, submitted }) =>
            html`<li>
              <span>${label}<br /><span class="dim">${author || 'unknown'} · ${new Date(submitted).toLocaleString()}</span></span>
            </li>`,
        )}
      </ul>
    </section>`;
  }

  private warnings({ warnings }: Classification): TemplateResult | typeof nothing {
    if (!warnings.length) return nothing;
    const negative = warnings.some(({ code }) => code === 'PHOTOMETRIC_WRONG');
    return html`<ul class="warnings" data-test="warnings">
      ${warnings.map(({ code, text }) => html`<li data-code=${code}>${text}</li>`)}
      ${negative
        ? html`<li>
            The viewer follows the header.
            <button data-test="invert" ?disabled=${!this.chest.view?.shown} @click=${() => this.chest.view?.invert()}>Invert the picture</button>
          </li>`
        : nothing}
    </ul>`;
  }

  private async choose(film: Film): Promise<void> {
    const begun = this.chest.begin(film);
    this.chest.view?.bring();
    await begun;
  }

  private sayAllTheSame(film: Film): void {
    this.allTheSame = film;
    this.requestUpdate();
  }
}

const version = ({ model, model_version }: Classification): TemplateResult =>
  html`<div class="dim" data-test="version">${model} ${model_version}</div>`;

/** A film in a list: by its view where the header says it, and told apart from others of the same name. */
function named(film: Film, i: number, films: Film[]): string {
  const name = (one: Film) => [one.view, one.description].filter(Boolean).join(' · ');
  const twins = films.filter(one => name(one) === name(film));
  const number = twins.length > 1 ? ` (${films.slice(0, i + 1).filter(one => name(one) === name(film)).length})` : '';
  return `${name(film)}${number}${film.lateral ? ', not frontal' : ''}`;
}
