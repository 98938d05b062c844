import { grouped } from '../core/grouped.js';
import type { Problem } from '../core/problem.js';
import { visibleIn } from '../core/visible.js';
import { counted } from '../core/wording.js';

/** Number of failures, and of groups of warnings, that the terminal names. problems.csv has all. */
const mostNamed = 5;

/**
 * Files and patients that were left out or look doubtful, for the terminal: counts, then failures by file name, then
 * their fixes, then groups of warnings.
 */
export function problemLines(all: readonly Problem[], file: string): readonly string[] {
  const problems = visibleIn(all);
  if (problems.length === 0) return [];
  const ofSeverity = (severity: string): readonly Problem[] =>
    problems.filter((problem) => problem.severity === severity);
  const [failures, warnings] = [ofSeverity('failure'), ofSeverity('warning')];
  const counts = [
    counted(failures.length, 'failure'),
    counted(warnings.length, 'warning'),
    counted(ofSeverity('info').length, 'note'),
  ];
  const named = failures.slice(0, mostNamed);
  const groups = groupedByReason(warnings);
  return [
    `left out or doubtful: ${counts.join(', ')}, listed in ${file}`,
    ...named.map(({ file: of, reason }) => `  ${of ?? ''}: ${reason}`),
    ...[...new Set(named.map(({ fix }) => fix))].map((fix) => `  fix: ${fix}`),
    ...groups.slice(0, mostNamed).map(groupLine),
    ...(groups.length <= mostNamed
      ? []
      : [`  ${counted(groups.length - mostNamed, 'further kind')} of warning in the file`]),
  ];
}

/** Warnings with the same reason. */
export interface Group {
  readonly reason: string;
  readonly problems: readonly Problem[];
}

/** The most frequent reason first. Reasons that differ only in numbers and quoted names are one group. */
export function groupedByReason(warnings: readonly Problem[]): readonly Group[] {
  const kindOf = ({ stage, reason }: Problem): string =>
    JSON.stringify([stage, reason.replaceAll(/"[^"]*"|\d+(\.\d+)?/g, '…')]);
  return [...grouped(warnings.map((problem) => [kindOf(problem), problem])).values()]
    .map((of) => ({ reason: of[0]?.reason ?? '', problems: of }))
    .sort((a, b) => b.problems.length - a.problems.length);
}

/** "warning, 3 times: … (for example blood.csv, patient P007)". */
function groupLine({ reason, problems }: Group): string {
  const [first] = problems;
  const where = [
    ...(first?.file ? [first.file] : []),
    ...(first?.place ? [first.place] : []),
    ...(first?.patient ? [`patient ${first.patient}`] : []),
  ].join(', ');
  const times = problems.length === 1 ? '' : `, ${problems.length} times`;
  const example = where === '' ? '' : ` (${problems.length === 1 ? '' : 'for example '}${where})`;
  return `  warning${times}: ${reason}${example}`;
}
