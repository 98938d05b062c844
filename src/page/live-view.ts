import { leadTo, ofRun, type Leave } from './api.js';
import { curvePanel } from './curve-panel.js';
import { el, scrolling, section, setAttribute, setText } from './dom.js';
import { failureTable, runningTable, workerTable } from './job-tables.js';
import { resultsAddress } from './results-view.js';
import { scoreTable } from './score-table.js';
import { stageGraph } from './stage-graph.js';
import { follow, type Link } from './stream.js';
import { clock, counted, words } from './text.js';
import type { Frame, RunHead, Sections } from './wire.js';

/** Shows the progress of a run, or its final state if it has ended. */
export function liveView(main: HTMLElement, run: string, say: (text: string) => void): Leave {
  const top = headPart(run);
  const graph = stageGraph();
  const scores = scoreTable();
  const workers = workerTable();
  const curves = curvePanel(run);
  const running = runningTable(curves.choose);
  const failures = failureTable();
  main.replaceChildren(
    top.element,
    section('Stages', graph.element),
    section('Test scores', scrolling('Test scores', scores.element)),
    workers.element,
    running.element,
    curves.element,
    failures.element,
  );
  let last: Frame = {};
  const updates: { readonly [Name in keyof Sections]: (value: Sections[Name]) => void } = {
    head: top.update,
    stages: (rows) => {
      graph.update(rows);
      curves.stages(rows);
    },
    running: (rows) => {
      running.update(rows);
      curves.running(rows);
    },
    workers: workers.update,
    scores: scores.update,
    failures: failures.update,
  };
  const apply = <Name extends keyof Sections>(name: Name, sections: Frame): void => {
    const value = sections[name];
    if (value !== undefined) updates[name](value);
  };
  const leaveStream = follow(run, {
    onFrame: (sections, changed) => {
      last = sections;
      for (const name of changed) apply(name, sections);
    },
    onLink: (link) => say(linkText(link, run)),
  });
  // Clocks and the age of heartbeats change without events. So the sections that show them are drawn every second.
  const ticking = setInterval(() => {
    apply('head', last);
    apply('running', last);
    apply('workers', last);
  }, 1000);
  return () => {
    clearInterval(ticking);
    leaveStream();
    curves.leave();
    say('');
  };
}

function linkText(link: Link, run: string): string {
  switch (link) {
    case 'open':
      return '';
    case 'cut':
      return 'The connection is cut. The page tries to connect again and then shows what it missed.';
    case 'ended':
      return `The command that served this page has ended. This is the last state. "haf-pipeline page ${run}" shows the run again.`;
    case 'refused':
      return 'This page needs a token. Open the whole address that the command printed, including the part after "#".';
  }
}

function headPart(run: string): { element: HTMLElement; update: (head: RunHead) => void } {
  const state = el('strong');
  const [jobs, failed, time, left, bus] = [el('span'), el('span'), el('span'), el('span'), el('span')];
  const report = el('a', { target: '_blank', rel: 'noopener', hidden: true }, 'Report');
  leadTo(report, ofRun(run, 'report'));
  const results = el('a', { href: resultsAddress(run), hidden: true }, 'Results');
  const bar = el('progress', { 'aria-label': 'Jobs that have ended', max: 1, value: 0 });
  const warning = el('p', { class: 'warning', hidden: true, role: 'alert' });
  const element = el(
    'div',
    {},
    el('h1', {}, run),
    el('div', { class: 'facts' }, state, jobs, failed, time, left),
    bar,
    el('div', { class: 'facts' }, bus, results, report),
    warning,
  );
  return {
    element,
    update: (head) => {
      setText(state, words(head.state));
      setAttribute(state, 'class', `state-${head.state}`);
      setText(jobs, head.jobs > 0 ? `${head.ended} of ${counted(head.jobs, 'job')}` : 'no plan yet');
      setText(failed, head.failures > 0 ? `${head.failures} failed or skipped` : '');
      setAttribute(failed, 'class', 'state-failed');
      const began = head.startedAt === null ? null : (Date.now() - Date.parse(head.startedAt)) / 1000;
      const seconds = head.seconds ?? (head.state === 'running' ? began : null);
      setText(time, seconds === null ? '' : `${head.seconds === null ? 'for' : 'took'} ${clock(seconds)}`);
      setText(left, leftText(head));
      setText(bus, head.bus);
      bar.value = head.jobs > 0 ? head.ended / head.jobs : 0;
      report.hidden = !head.report;
      results.hidden = !head.results;
      const warnings = warningsOf(head);
      warning.hidden = warnings.length === 0;
      setText(warning, warnings.join(' '));
    },
  };
}

function leftText({ left }: RunHead): string {
  if (left === null) return '';
  if (left.without.length === 0) return `about ${clock(left.seconds)} left`;
  return `at least ${clock(left.seconds)} left; no job of ${left.without.join(', ')} has ended yet`;
}

function warningsOf({ link, unread, state }: RunHead): string[] {
  return [
    link === 'gone' ? 'The directory of this run was deleted. What is shown no longer exists.' : '',
    link === 'away'
      ? 'The broker cannot be reached. Running jobs continue; the connection is tried again.'
      : '',
    unread > 0 ? `${counted(unread, 'event')} of another version: not shown.` : '',
    state === 'interrupted'
      ? 'The "up" process of this run has ended. The same "up" command resumes the run.'
      : '',
  ].filter(Boolean);
}
