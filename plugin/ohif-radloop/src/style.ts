import { css } from 'lit';

/** The panel's look; in a shadow root, where the page's own reset of buttons and headings does not reach. */
export const style = css`
  :host {
    --ink: #e9eef6;
    --dim: #93a3bd;
    --line: #22304b;
    --raised: #131c30;
    --accent: #5acce6;
    --warn: #f4c76b;
    --bad: #ff8f8f;
    --good: #6fd6a0;
    display: block;
    height: 100%;
    overflow-y: auto;
    scrollbar-width: thin;
    scrollbar-color: var(--line) transparent;
    box-sizing: border-box;
    color: var(--ink);
    font: 13px/1.45 Inter, system-ui, sans-serif;
    font-variant-numeric: tabular-nums;
  }
  * {
    box-sizing: border-box;
  }
  section {
    padding: 12px 14px;
    border-bottom: 1px solid var(--line);
  }
  header {
    padding: 10px 14px;
    border-bottom: 1px solid var(--line);
  }
  .research {
    color: var(--dim);
    font-size: 12px;
  }
  h2 {
    margin: 0 0 8px;
    font-size: 11px;
    font-weight: 600;
    letter-spacing: 0.07em;
    text-transform: uppercase;
    color: var(--dim);
  }
  h1 {
    margin: 0;
    font-size: 15px;
    font-weight: 600;
  }
  p {
    margin: 0 0 6px;
  }
  p:last-child {
    margin-bottom: 0;
  }
  .row {
    display: flex;
    align-items: center;
    gap: 6px;
    flex-wrap: wrap;
  }
  .row + .row {
    margin-top: 8px;
  }
  .pair {
    display: inline-flex;
    align-items: center;
    gap: 6px;
  }
  .spread {
    justify-content: space-between;
  }
  .dim {
    color: var(--dim);
  }
  button,
  select,
  input[type='text'] {
    font: inherit;
    color: var(--ink);
    background: var(--raised);
    border: 1px solid var(--line);
    border-radius: 6px;
    padding: 4px 10px;
    min-height: 28px;
  }
  button {
    cursor: pointer;
  }
  button:hover:not(:disabled) {
    border-color: var(--accent);
  }
  button:focus-visible,
  input:focus-visible,
  select:focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 1px;
  }
  button:disabled {
    opacity: 0.45;
    cursor: default;
  }
  button[aria-pressed='true'] {
    background: #1d3a52;
    border-color: var(--accent);
  }
  button.main {
    background: var(--accent);
    border-color: var(--accent);
    color: #04202a;
    font-weight: 600;
  }
  button.link {
    background: none;
    border: none;
    padding: 0;
    min-height: 0;
    color: var(--accent);
  }
  input[type='range'] {
    flex: 1;
    min-width: 60px;
    accent-color: var(--accent);
  }
  input[type='text'] {
    flex: 1;
    min-width: 0;
  }
  .pill {
    border-radius: 99px;
    padding: 1px 9px;
    font-size: 11px;
    background: var(--raised);
    border: 1px solid var(--line);
    color: var(--dim);
  }
  .pill.submitted {
    color: var(--good);
    border-color: #2b6b4c;
  }
  .pill.reviewed,
  .pill.draft {
    color: var(--warn);
    border-color: #6b5a2b;
  }
  .messages {
    position: sticky; /* what is said is seen wherever a person has scrolled to */
    top: 0;
    z-index: 1;
  }
  .message {
    padding: 8px 14px;
    border-bottom: 1px solid var(--line);
    background: var(--raised);
  }
  .message.problem {
    color: var(--bad);
    border-left: 3px solid var(--bad);
  }
  .message.notice {
    color: var(--good);
    border-left: 3px solid var(--good);
  }
  .message.question {
    border-left: 3px solid var(--warn);
  }
  .busy::before {
    content: '';
    display: inline-block;
    width: 11px;
    height: 11px;
    margin-right: 8px;
    border: 2px solid var(--accent);
    border-top-color: transparent;
    border-radius: 50%;
    animation: turn 0.9s linear infinite;
    vertical-align: -1px;
  }
  @keyframes turn {
    to {
      transform: rotate(1turn);
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .busy::before {
      animation-duration: 4s;
    }
  }
  .efs {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: 8px;
  }
  .ef {
    background: var(--raised);
    border-radius: 8px;
    padding: 8px 10px;
    border-left: 3px solid var(--tint);
  }
  .ef b {
    display: block;
    font-size: 24px;
    font-weight: 600;
    line-height: 1.2;
  }
  .ef b small {
    font-size: 14px;
    font-weight: 400;
    color: var(--dim);
  }
  .verdict {
    display: flex;
    justify-content: space-between;
    align-items: baseline;
    margin-bottom: 6px;
    font-size: 22px;
    font-weight: 600;
  }
  .verdict.abstained {
    color: var(--warn);
  }
  .meaning {
    margin: 8px 0;
    font-size: 12px;
  }
  select {
    max-width: 100%;
  }
  table {
    width: 100%;
    border-collapse: collapse;
  }
  th,
  td {
    padding: 3px 0;
    text-align: right;
    font-weight: 400;
  }
  th:first-child {
    text-align: left;
    color: var(--dim);
  }
  thead th {
    color: var(--dim);
    font-size: 12px;
  }
  tbody tr {
    border-top: 1px solid #19243b;
  }
  .behind {
    color: var(--dim);
  }
  .swatch {
    display: inline-block;
    width: 9px;
    height: 9px;
    border-radius: 3px;
    margin-right: 6px;
    background: var(--tint);
  }
  .curves {
    display: block;
    width: 100%;
    cursor: pointer;
  }
  .curves text {
    fill: var(--dim);
    font-size: 10px;
  }
  .curves .grid {
    stroke: var(--line);
  }
  .curves line.phase {
    stroke: var(--dim);
    stroke-dasharray: 2 3;
  }
  .curves .now {
    stroke: var(--accent);
    stroke-width: 1.5;
  }
  .bar {
    display: grid;
    grid-template-columns: 1fr 90px 44px;
    gap: 8px;
    align-items: center;
    color: var(--dim);
  }
  details {
    border-top: 1px solid var(--line);
    padding-top: 6px;
    margin-top: 4px;
  }
  summary {
    cursor: pointer;
    display: flex;
    justify-content: space-between;
  }
  summary::after {
    content: '▾';
    color: var(--dim);
    margin-left: 8px;
  }
  summary span {
    flex: 1;
  }
  details[open] summary {
    margin-bottom: 4px;
  }
  .bar i {
    height: 6px;
    border-radius: 3px;
    background: linear-gradient(to right, var(--accent) var(--part), var(--line) var(--part));
  }
  .bar span:last-child {
    text-align: right;
    white-space: nowrap;
  }
  ul {
    margin: 0;
    padding: 0;
    list-style: none;
  }
  .warnings {
    margin: 8px 0;
    padding: 5px 10px;
    border-left: 3px solid var(--warn);
    background: #211d14;
    border-radius: 0 6px 6px 0;
    font-size: 12px;
  }
  .warnings li {
    padding: 2px 0;
  }
  .labels li {
    display: flex;
    justify-content: space-between;
    align-items: baseline;
    gap: 8px;
    padding: 4px 0;
    border-top: 1px solid #19243b;
  }
  .labels li:first-child {
    border-top: none;
  }
  .map {
    display: block;
    width: 100%;
    cursor: pointer;
    border-radius: 4px;
  }
  .map rect {
    fill: #1b2740;
  }
  .map rect.marked {
    fill: #2f7f5d;
  }
  .map rect.edited {
    fill: var(--good);
  }
  .map rect.out {
    fill: #0a0f1a;
    stroke: #3b4a68;
  }
  .map rect.here {
    stroke: #fff;
    stroke-width: 1.5;
  }
  .map text {
    fill: var(--dim);
    font-size: 9px;
  }
  .legend span {
    margin-right: 12px;
    font-size: 12px;
    color: var(--dim);
  }
`;
