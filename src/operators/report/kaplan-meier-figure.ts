import type { TopLevelSpec } from 'vega-lite';
import { csvLine } from '../../pipeline/core/csv.js';
import { counted } from '../../pipeline/core/wording.js';
import type { CurveSummary } from '../survival/curve-summary.js';
import { year } from '../survival/follow-up.js';
import type { LogRankTest } from '../survival/log-rank.js';
import { chartColours, renderChart } from './chart.js';
import { medianText } from './duration-text.js';
import type { Figure } from './figure.js';
import { pText } from './number-text.js';

/** The content of a Kaplan-Meier figure. */
export interface CurvesShown {
  /** The last part of the name of the figure: with "haf" the figure is `kaplan-meier-haf`. */
  readonly name: string;
  readonly title: string;
  /** The event whose time the curves show, for example "deceased". */
  readonly event: string;
  readonly groups: readonly CurveSummary[];
  /** Days at which the numbers at risk are given. */
  readonly times: readonly number[];
  /** The log-rank test between the groups, stratified by fold. Null for a single curve. */
  readonly logRank: LogRankTest | null;
  /**
   * False if the models of all folds predict each patient, so that there is no fold to stratify by.
   * @default true
   */
  readonly stratified?: boolean;
}

type PanelSpec = Extract<TopLevelSpec, { readonly vconcat: unknown }>['vconcat'][number];

/** Colours from low to high risk. More than two groups use the colours in between. */
const groupColours = [chartColours.folds, '#56b4a9', '#8c8c8c', '#e69f00', chartColours.emphasis];

/**
 * Kaplan-Meier curves with 95 % bands and ticks at censored times, with numbers at risk below (method.md 11.4). Empty
 * groups are left out. Null if all groups are empty.
 */
export async function kaplanMeierFigure(shown: CurvesShown): Promise<Figure | null> {
  const groups = shown.groups.filter(({ patients }) => patients > 0);
  if (groups.length === 0) return null;
  const subtitle = subtitleOf(groups, shown);
  return {
    name: `kaplan-meier-${shown.name}`,
    svg: await renderChart(
      spec(shown, groups, subtitle),
      `Kaplan-Meier curves of ${shown.title}: ${subtitle.join('; ')}`,
    ),
    csv: [
      csvLine(['group', 'time_days', 'at_risk', 'events', 'censored', 'share', 'lower95', 'upper95']),
      ...groups.flatMap(({ name, curve }) =>
        Array.from(curve.times, (days, at) =>
          csvLine([
            name,
            days,
            curve.atRisk[at] ?? null,
            curve.events[at] ?? null,
            curve.censored[at] ?? null,
            curve.survival[at] ?? null,
            curve.lower[at] ?? null,
            curve.upper[at] ?? null,
          ]),
        ),
      ),
    ].join(''),
  };
}

/** The lines of the subtitle: one for each group, and one for the log-rank test. */
function subtitleOf(
  groups: readonly CurveSummary[],
  { logRank, stratified = true }: Pick<CurvesShown, 'logRank' | 'stratified'>,
): string[] {
  return [
    ...groups.map(
      ({ name, patients, events, median }) =>
        `${name}: ${counted(patients, 'patient')}, ${counted(events, 'event')}, ${medianText(median)}`,
    ),
    ...(logRank === null
      ? []
      : [
          logRank.p === null
            ? `log-rank test not possible: ${logRank.reason ?? ''}`
            : `log-rank p ${pText(logRank.p)}${stratified ? ', stratified by fold' : ''}`,
        ]),
  ];
}

const width = 420;

function spec(shown: CurvesShown, groups: readonly CurveSummary[], subtitle: string[]): TopLevelSpec {
  const names = groups.map(({ name }) => name);
  const place = (name: string): number => shown.groups.findIndex((group) => group.name === name);
  const colours = names.map((name) => {
    const share = shown.groups.length < 2 ? 0 : place(name) / (shown.groups.length - 1);
    return groupColours[Math.round(share * (groupColours.length - 1))] as string;
  });
  const last = Math.max(
    ...groups.map(({ curve }) => (curve.times.at(-1) ?? 0) / year),
    ...shown.times.map((days) => days / year),
  );
  const x = (title: string | null) => ({
    field: 'years',
    type: 'quantitative' as const,
    scale: { domain: [0, last], nice: false },
    axis: { title, values: shown.times.map((days) => days / year), format: '~g', grid: title !== null },
  });
  const color = {
    field: 'group',
    type: 'nominal' as const,
    scale: { domain: names, range: colours },
    legend: null,
  };
  return {
    title: { text: shown.title, subtitle },
    vconcat: [curvePanel(shown, groups, x('Years'), color), riskPanel(shown, groups, x(null), color)],
    spacing: 6,
  };
}

function curvePanel(
  { event }: CurvesShown,
  groups: readonly CurveSummary[],
  x: object,
  color: object,
): PanelSpec {
  const y = {
    field: 'share',
    type: 'quantitative' as const,
    scale: { domain: [0, 1] },
    axis: { title: `Share without "${event}"`, format: '.1f', tickCount: 6 },
  };
  const rows = groups.flatMap(({ name, curve }) => [
    { group: name, step: 0, years: 0, share: 1, lower: 1, upper: 1, censored: 0 },
    ...Array.from(curve.times, (days, at) => ({
      group: name,
      step: at + 1,
      years: days / year,
      share: curve.survival[at] as number,
      lower: curve.lower[at] as number,
      upper: curve.upper[at] as number,
      censored: curve.censored[at] as number,
    })),
  ]);
  const order = { field: 'step', type: 'quantitative' as const };
  return {
    width,
    height: 240,
    layer: [
      {
        data: { values: rows },
        mark: { type: 'area', interpolate: 'step-after', opacity: 0.16 },
        encoding: { x, y: { ...y, field: 'lower' }, y2: { field: 'upper' }, color },
      },
      {
        data: { values: rows },
        mark: { type: 'line', interpolate: 'step-after', strokeWidth: 2 },
        encoding: { x, y, color, order },
      },
      {
        data: { values: rows.filter(({ censored }) => censored > 0) },
        mark: { type: 'tick', orient: 'vertical', size: 8, thickness: 1, opacity: 0.6 },
        encoding: { x, y, color },
      },
    ],
  };
}

/** Numbers at risk, one row per group in its colour. They also serve as the legend. */
function riskPanel(
  { times }: CurvesShown,
  groups: readonly CurveSummary[],
  x: object,
  color: object,
): PanelSpec {
  return {
    width,
    height: 16 * groups.length,
    title: { text: 'Patients at risk', fontSize: 11, fontWeight: 'normal', offset: 2 },
    data: {
      values: groups.flatMap(({ name, atRisk }) =>
        times.map((days, k) => ({ group: name, years: days / year, count: atRisk[k] ?? 0 })),
      ),
    },
    mark: { type: 'text', fontSize: 11, fontWeight: 600 },
    encoding: {
      x: { ...x, axis: null },
      y: {
        field: 'group',
        type: 'nominal',
        sort: groups.map(({ name }) => name),
        axis: { title: null, domain: false, ticks: false, labelLimit: 160, labelPadding: 18 },
      },
      text: { field: 'count', type: 'quantitative', format: 'd' },
      color,
    },
  };
}
