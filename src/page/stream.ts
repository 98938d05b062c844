import { ApiError, ask, ofRun, type Leave } from './api.js';
import { isExported } from './exported.js';
import type { Frame, Sections } from './wire.js';

/**
 * State of the connection to the server. `cut`: the connection was lost. `ended`: the server announced its end.
 * `refused`: the server does not accept this browser, for example because the server was restarted.
 */
export type Link = 'open' | 'cut' | 'ended' | 'refused';

export interface Following {
  /** Receives all sections so far, and the names of the sections in the new frame. */
  readonly onFrame: (sections: Frame, changed: readonly (keyof Sections)[]) => void;
  readonly onLink: (link: Link) => void;
}

/** Delay before a stream that the browser gave up is requested again. */
const againMs = 2000;

/**
 * Follows a run. After a lost connection the browser reconnects by itself and names the last frame that it has, so the server sends
 * the missing ones. If a stream ended, or if the server refuses it, this code requests it again, because another process may serve
 * the same port.
 */
export function follow(run: string, { onFrame, onLink }: Following): Leave {
  if (isExported) {
    void ask<Frame>(ofRun(run, 'stream')).then((frame) =>
      onFrame(frame, Object.keys(frame) as (keyof Sections)[]),
    );
    return () => undefined;
  }
  let sections: Frame = {};
  let [left, ended, retry] = [false, false, 0];
  let source: EventSource;
  const again = (): void => {
    source.close();
    retry = window.setTimeout(connect, againMs);
  };
  const refusedOr = (link: Link): Promise<Link> =>
    ask('/api/runs').then(
      () => link,
      (error: unknown) => (error instanceof ApiError && error.status === 401 ? 'refused' : link),
    );
  const connect = (): void => {
    source = new EventSource(ofRun(run, 'stream'));
    source.addEventListener('open', () => {
      ended = false;
      onLink('open');
    });
    source.addEventListener('end', () => {
      ended = true;
      onLink('ended');
      again();
    });
    source.addEventListener('error', () => {
      if (left) return;
      const link: Link = ended ? 'ended' : 'cut';
      if (source.readyState !== EventSource.CLOSED) return onLink(link);
      const mine = source;
      again();
      void refusedOr(link).then((found) => {
        if (!left && source === mine) onLink(found);
      });
    });
    source.addEventListener('frame', (event: MessageEvent<string>) => {
      const frame = JSON.parse(event.data) as Frame;
      sections = { ...sections, ...frame };
      onFrame(sections, Object.keys(frame) as (keyof Sections)[]);
    });
  };
  connect();
  return () => {
    left = true;
    clearTimeout(retry);
    source.close();
  };
}
