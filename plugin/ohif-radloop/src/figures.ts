/** Figures as people read them: the table, as text and as CSV. */

import type { Measurements } from './answers';
import type { Counted } from './counting';

export const volume = (ml: number | null | undefined): string => (ml == null ? '–' : ml.toFixed(1));
export const percent = (ef: number | null | undefined): string => (ef == null ? '–' : ef.toFixed(2));

export const GROUPS: Record<string, string> = {
  NOR: 'Normal',
  DCM: 'Dilated cardiomyopathy',
  HCM: 'Hypertrophic cardiomyopathy',
  MINF: 'Myocardial infarction',
  RV: 'Abnormal right ventricle',
};

const NOT_A_DEVICE = 'For research, not a medical device.';

/** The measurements with what the panel has counted since in its place; what only the server can say is left empty. */
export function current(said: Measurements | null, counted: Counted | null, behind: boolean, ml: boolean) {
  if (said && !behind) return said;
  const at = (curve: number[] | undefined, frame: number | undefined) =>
    ml && curve && frame !== undefined ? curve[frame] : null;
  const [lvEdv, lvEsv] = [at(counted?.lv, counted?.ed), at(counted?.lv, counted?.es)];
  const [rvEdv, rvEsv] = [at(counted?.rv, counted?.ed), at(counted?.rv, counted?.es)];
  const stroke = (edv: number | null, esv: number | null) => (edv === null || esv === null ? null : edv - esv);
  return {
    lv_edv_ml: lvEdv,
    lv_esv_ml: lvEsv,
    lv_sv_ml: stroke(lvEdv, lvEsv),
    lv_ef: counted?.lvEf ?? null,
    rv_edv_ml: rvEdv,
    rv_esv_ml: rvEsv,
    rv_sv_ml: stroke(rvEdv, rvEsv),
    rv_ef: counted?.rvEf ?? null,
    lv_mass_g: null,
  };
}

function rows(said: Measurements): [string, number | string | null, string][] {
  return [
    ['LV EDV', said.lv_edv_ml, 'mL'],
    ['LV ESV', said.lv_esv_ml, 'mL'],
    ['LV SV', said.lv_sv_ml, 'mL'],
    ['LV EF', said.lv_ef, '%'],
    ['LV mass', said.lv_mass_g, 'g'],
    ['RV EDV', said.rv_edv_ml, 'mL'],
    ['RV ESV', said.rv_esv_ml, 'mL'],
    ['RV SV', said.rv_sv_ml, 'mL'],
    ['RV EF', said.rv_ef, '%'],
    ['ED frame', said.ed_frame, ''],
    ['ES frame', said.es_frame, ''],
  ];
}

const written = (value: number | string | null): string =>
  value === null ? '' : typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(2) : String(value);

export function asText(said: Measurements): string {
  const lines = rows(said).map(([name, value, unit]) => `${name}: ${written(value) || 'unknown'} ${unit}`.trimEnd());
  if (said.diagnosis) lines.push(`Suggested group: ${GROUPS[said.diagnosis.label]}`);
  lines.push(`Model: ${said.model ?? 'none'} ${said.model_version ?? ''}`.trimEnd());
  return [...lines, ...said.warnings.map(({ text }) => `Note: ${text}`), NOT_A_DEVICE].join('\n');
}

export function asCsv(said: Measurements): string {
  const table: [string, number | string | null, string][] = [
    ['image', said.image, ''],
    ...rows(said),
    ['group', said.diagnosis?.label ?? null, ''],
    ['model', said.model, ''],
    ['model version', said.model_version, ''],
    ...said.warnings.map(({ text }): [string, string, string] => ['note', text, '']),
    ['note', NOT_A_DEVICE, ''],
  ];
  const cell = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = table.map(line => line.map(one => cell(typeof one === 'string' ? one : written(one))).join(','));
  return ['quantity,value,unit', ...lines].join('\r\n') + '\r\n';
}
