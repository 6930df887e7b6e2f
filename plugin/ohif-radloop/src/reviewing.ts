/** The part of the panel where a person says what was reviewed, submits it, and finds earlier labels. */

import { html, nothing, type TemplateResult } from 'lit';
import type { SubmittedLabel } from './answers';
import { drawMap } from './map';
import type { HeartPanel } from './panel';
import type { Mark } from './places';
import type { Work } from './work';

const MARKS: [Mark, string][] = [
  ['slice', 'This slice'],
  ['frame', 'This frame'],
  ['phases', 'ED and ES'],
  ['all', 'All …'],
];
const SAVING = { nothing: '', waiting: 'Keeping your work …', kept: 'Your work is kept.', failed: 'Your work is not kept yet.' };

export function reviewing(panel: HeartPanel, work: Work): TemplateResult {
  const { heart } = panel;
  const { view } = heart;
  const { cine, contours } = work;
  const { saving } = heart.following;
  if (!view) return html``;
  const at = view.position();
  const reviewed = work.reviewed();
  const total = contours.frames * contours.slices;
  const mark = (kind: Mark) => {
    if (!at) return;
    const planes = work.planesFor(kind, at);
    const undo = planes.every(plane => reviewed.has(plane));
    if (kind !== 'all' || undo) return heart.mark(planes, !undo);
    panel.ask({
      text: `Have you looked at all ${contours.frames} frames in all ${contours.slices} slices? What is marked counts as truth when models learn.`,
      yes: 'Yes, mark all',
      then: () => heart.mark(planes, true),
    });
  };
  const all = (kind: Mark) => {
    const planes = at ? work.planesFor(kind, at) : [];
    return planes.length > 0 && planes.every(plane => reviewed.has(plane));
  };
  const submit = () => {
    if (reviewed.size) return void heart.submit();
    panel.ask({
      text: 'Nothing is marked as reviewed. The label will be kept, but no model will learn from it.',
      yes: 'Submit anyway',
      then: () => void heart.submit(),
    });
  };
  return html`<section>
      <h2>Reviewed</h2>
      <div class="row spread">
        <span data-test="reviewed" data-value=${reviewed.size}>${reviewed.size} of ${total} images</span>
        <span class="dim" data-test="saving" data-value=${saving}>${SAVING[saving]}</span>
      </div>
      <div style="margin:6px 0">
        ${drawMap(contours, work.marked, at, work.counted(), to => void view.jump(to))}
        <div class="legend">
          <span><i class="swatch" style="--tint:#2f7f5d"></i>marked</span>
          <span><i class="swatch" style="--tint:#6fd6a0"></i>changed</span>
          <span><i class="swatch" style="--tint:#0a0f1a;border:1px solid #3b4a68"></i>left out</span>
        </div>
      </div>
      <div class="row">
        ${MARKS.map(
          ([kind, name]) =>
            html`<button data-test="mark-${kind}" ?disabled=${!at} aria-pressed=${all(kind)} @click=${() => mark(kind)}>${name}</button>`,
        )}
      </div>
    </section>
    <section>
      <h2>Submit</h2>
      <div class="row">
        <input type="text" data-test="author" placeholder="Your name" aria-label="Your name" maxlength="100" .value=${heart.author}
          @input=${(event: Event) => heart.setAuthor((event.target as HTMLInputElement).value)} />
        <button class="main" data-test="submit" ?disabled=${!heart.author.trim() || heart.doing !== null} @click=${submit}>
          Submit label
        </button>
      </div>
      <div class="row">
        <button data-test="export" ?disabled=${heart.doing !== null} @click=${() => heart.export()}>Save SEG and SR to the archive</button>
        <button data-test="again" ?disabled=${heart.doing !== null} @click=${() => again(panel)}>Analyse again</button>
      </div>
    </section>
    ${cine.labels.length
      ? html`<section>
          <h2>Labels of this case</h2>
          <ul class="labels" data-test="labels">
            ${cine.labels.map(label => earlier(panel, label))}
          </ul>
        </section>`
      : nothing}`;
}

function earlier(panel: HeartPanel, label: SubmittedLabel): TemplateResult {
  const { heart } = panel;
  const open = heart.work?.began.label?.id === label.id;
  const frames = Object.keys(label.reviewed).length;
  const reopen = () => leavingWork(panel, `open the label of ${label.author}`, () => void heart.reopen(label));
  return html`<li>
    <span>
      ${label.author || 'unknown'}<br /><span class="dim">
        ${new Date(label.submitted).toLocaleString()} ·
        ${label.assumed_reviewed ? 'review not stated' : frames ? `reviewed in ${frames} frames` : 'not reviewed'}
      </span>
    </span>
    ${open ? html`<span class="dim">open</span>` : html`<button data-test="reopen" @click=${reopen}>Open</button>`}
  </li>`;
}

function again(panel: HeartPanel): void {
  leavingWork(panel, 'analyse again', () => void panel.heart.analyse());
}

function leavingWork(panel: HeartPanel, what: string, then: () => void): void {
  if (panel.heart.following.saving === 'nothing') then();
  else panel.ask({ text: `Your unsubmitted work will be given up if you ${what}.`, yes: 'Give it up', then });
}
