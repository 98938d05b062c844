import { ApiError, ask, type Leave } from './api.js';
import { el, setText, shown } from './dom.js';
import { liveView } from './live-view.js';
import { resultsAddress, resultsView } from './results-view.js';
import { runsView } from './runs-view.js';
import { slideView } from './slide-view.js';

const main = document.querySelector('main');
const nav = document.querySelector('#nav');
const news = document.querySelector('#news');
let leave: Leave = () => undefined;

/** Shows a message. An empty text removes it. */
const say = (text: string): void => {
  if (news) setText(news, text);
};

/** Shows the view that the address names: `#/`, `#/run/RUN`, `#/run/RUN/results/TABLE`, `#/run/RUN/patient/ID`. */
function show(): void {
  if (!main) return;
  leave();
  const parts = location.hash.replace(/^#\/?/, '').split('/').map(decoded);
  const [kind, run, view, what] = parts;
  showNav(kind === 'run' && run ? run : null);
  document.title = kind === 'run' && run ? `${shown(run)} - haf-pipeline` : 'Runs - haf-pipeline';
  if (kind !== 'run' || !run) leave = runsView(main, say);
  else if (view === 'results') leave = resultsView(main, run, what ?? 'summary');
  else if (view === 'patient' && what) leave = slideView(main, run, what);
  else leave = liveView(main, run, say);
}

function showNav(run: string | null): void {
  const links: [string, string][] = [['Runs', '#/']];
  if (run !== null) {
    links.push(['Progress', `#/run/${encodeURIComponent(run)}`]);
    links.push(['Results', resultsAddress(run)], ['Patients', resultsAddress(run, 'patients')]);
  }
  nav?.replaceChildren(
    ...links.map(([title, href]) =>
      el('a', { href, 'aria-current': href === location.hash ? 'page' : null }, title),
    ),
  );
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Exchanges the token in the fragment for a cookie and removes it from the address bar. */
async function logIn(token: string, view = '/'): Promise<void> {
  history.replaceState(null, '', `#${view}`);
  await ask('/api/session', { authorization: `Bearer ${token}` });
}

// The skip link must not change the fragment of the address, because the fragment names the view.
document.querySelector('.skip')?.addEventListener('click', (event) => {
  event.preventDefault();
  main?.focus();
});

/** Shows a sentence that says why nothing is shown. */
function refuse(error: unknown): void {
  leave();
  leave = () => undefined;
  const what =
    error instanceof ApiError && error.status === 401
      ? 'This page needs a token. Open the whole address that the command printed, including the part after "#".'
      : (error as Error).message;
  main?.replaceChildren(el('h1', {}, 'Not opened'), el('p', { class: 'warning', role: 'alert' }, what));
}

async function start(): Promise<void> {
  const [, token = '', view] = /^#token=([^&]*)(?:&(.*))?$/.exec(location.hash) ?? [];
  try {
    if (token !== '') await logIn(token, view);
    // The view is drawn at once, while the server checks whether this browser may see it.
    show();
    await ask('/api/runs');
  } catch (error) {
    refuse(error);
  }
}

addEventListener('hashchange', () => {
  if (location.hash.startsWith('#token=')) return void start();
  show();
  main?.focus();
});
void start();
