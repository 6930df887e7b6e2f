/** The server's side of the panels, word for word as `radloop.answers.panel` and `chest_panel` write it down. */

import type {
  Analysis,
  Cases,
  Contours,
  Draft,
  DraftKept,
  Exported,
  FilmReading,
  Films,
  Measurements,
  OpenedLabel,
  Submission,
  SubmittedLabel,
} from './answers';

/** A sentence that the server, or its silence, has for a person. */
export class Refused extends Error {
  /** @param status of HTTP; 0 where nothing answered */
  constructor(
    readonly status: number,
    sentence: string,
  ) {
    super(sentence);
  }
}

function ask<Answer>(method: string, path: string, query: Record<string, string>, body?: unknown): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  const sent = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
  return send(`/radloop/${path}?${new URLSearchParams(query)}`, sent);
}

/** A person's class for a film goes where any client's labels go. */
function submitClass(image: string, label: string, about: { author: string; from_version: string | null; model: string }) {
  const body = new FormData();
  body.set('label', new Blob([JSON.stringify({ label })]), 'class.json');
  body.set('params', JSON.stringify(about));
  return send<unknown>(`/datastore/label?${new URLSearchParams({ image })}`, { method: 'PUT', body });
}

async function send<Answer>(address: string, request: RequestInit): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(address, request);
  } catch {
    throw new Refused(0, 'The server does not answer. Nothing is lost: try again when it is back.');
  }
  if (response.status === 204) return undefined as Answer;
  const said = await response.json().catch(() => null);
  if (!response.ok || said === undefined) {
    const sentence = typeof said?.detail === 'string' ? said.detail : `The server failed (${response.status}).`;
    throw new Refused(response.status, sentence);
  }
  return said as Answer;
}

export const server = {
  cases: (study: string) => ask<Cases>('GET', 'cases', { study }),
  analyse: (image: string) => ask<Analysis>('POST', 'analyse', { image }),
  measure: (image: string, contours: Contours) => ask<Measurements>('POST', 'measure', { image }, contours),
  labels: (image: string) => ask<SubmittedLabel[]>('GET', 'labels', { image }),
  label: (image: string, id: string) => ask<OpenedLabel>('GET', 'label', { image, id }),
  submit: (image: string, submission: Submission) => ask<SubmittedLabel>('PUT', 'labels', { image }, submission),
  draft: (image: string) => ask<Draft | null>('GET', 'draft', { image }),
  keepDraft: (image: string, draft: Draft) => ask<DraftKept>('PUT', 'draft', { image }, draft),
  forgetDraft: (image: string) => ask<void>('DELETE', 'draft', { image }),
  export: (image: string, contours: Contours) => ask<Exported>('POST', 'export', { image }, contours),
  films: (study: string) => ask<Films>('GET', 'films', { study }),
  classify: (image: string) => ask<FilmReading>('POST', 'classify', { image }),
  submitClass,
};

/** Label planes as text: base64 of their gzip. */
export async function pack(voxels: Uint8Array): Promise<string> {
  // The bytes are copied at once: strokes go on while they are packed.
  const zipped = await through(voxels, new CompressionStream('gzip'));
  let binary = '';
  for (let i = 0; i < zipped.length; i += 0x8000) binary += String.fromCharCode(...zipped.subarray(i, i + 0x8000));
  return btoa(binary);
}

export async function unpack(planes: string): Promise<Uint8Array> {
  return through(Uint8Array.from(atob(planes), c => c.charCodeAt(0)), new DecompressionStream('gzip'));
}

async function through(bytes: Uint8Array, stream: ReadableWritablePair): Promise<Uint8Array> {
  const body = new Blob([bytes as BlobPart]).stream().pipeThrough(stream);
  return new Uint8Array(await new Response(body).arrayBuffer());
}
