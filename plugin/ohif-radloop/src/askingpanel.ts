/** What every panel has: it shows how errands go, asks before it does what cannot be undone, and says what it is. */

import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { Errands } from './errands';
import { style } from './style';

export interface Question {
  text: string;
  yes: string;
  then(): void;
}

export const RESEARCH = html`<div class="research">For research, not a medical device.</div>`;

export abstract class AskingPanel extends LitElement {
  static override styles = style;

  question: Question | null = null;

  protected abstract get errands(): Errands;
  private readonly again = () => this.requestUpdate();

  override connectedCallback(): void {
    super.connectedCallback();
    this.errands.addEventListener('changed', this.again);
    this.errands.addEventListener('moved', this.again);
    // The viewer's shortcuts must not take the letters of a name that is being typed, nor a slider's arrows.
    for (const kind of ['keydown', 'keypress', 'keyup'])
      this.renderRoot.addEventListener(kind, event => {
        if (isMeantForField(event as KeyboardEvent)) event.stopPropagation();
      });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.errands.removeEventListener('changed', this.again);
    this.errands.removeEventListener('moved', this.again);
  }

  ask(question: Question | null): void {
    this.question = question;
    this.requestUpdate();
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    if (this.question) this.renderRoot.querySelector<HTMLButtonElement>('.question button')?.focus();
  }

  protected messages(): TemplateResult {
    const { question } = this;
    const { doing, problem, notice } = this.errands;
    const answer = (yes: boolean) => {
      this.ask(null);
      if (yes) question?.then();
    };
    return html`<div class="messages">
      ${doing ? html`<div class="message busy" role="status" data-test="doing">${doing} …</div>` : nothing}
      ${problem ? html`<div class="message problem" role="alert" data-test="problem">${problem}</div>` : nothing}
      ${notice ? html`<div class="message notice" role="status" data-test="notice">${notice}</div>` : nothing}
      ${question
        ? html`<div class="message question" role="alertdialog" data-test="question">
            <p>${question.text}</p>
            <div class="row">
              <button @click=${() => answer(false)}>Cancel</button>
              <button class="main" data-test="yes" @click=${() => answer(true)}>${question.yes}</button>
            </div>
          </div>`
        : nothing}
    </div>`;
  }
}

/** Undo and the like are still the viewer's while a slider has the focus. */
function isMeantForField({ target, ctrlKey, metaKey }: KeyboardEvent): boolean {
  if (target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && (target.type === 'text' || !(ctrlKey || metaKey));
}
