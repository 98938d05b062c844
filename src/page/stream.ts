import { ask, ofRun, type Leave } from './api.js';
import { isExported } from './exported.js';
import type { Frame, Sections } from './wire.js';

export interface Following {
  /** The sections so far, and the names of those that are new. */
  readonly onFrame: (sections: Frame, changed: readonly (keyof Sections)[]) => void;
  readonly onLink: (connected: boolean) => void;
}

/**
 * Follows a run. The browser connects again by itself after a cut and names the last frame it has, so the server sends
 * what was missed. A stream that the server refuses for good is tried again here.
 */
export function follow(run: string, { onFrame, onLink }: Following): Leave {
  if (isExported) {
    void ask<Frame>(ofRun(run, 'stream')).then((frame) =>
      onFrame(frame, Object.keys(frame) as (keyof Sections)[]),
    );
    return () => undefined;
  }
  let sections: Frame = {};
  let [left, retry] = [false, 0];
  let source: EventSource;
  const connect = (): void => {
    source = new EventSource(ofRun(run, 'stream'));
    source.addEventListener('open', () => onLink(true));
    source.addEventListener('error', () => {
      if (left) return;
      onLink(false);
      if (source.readyState === EventSource.CLOSED) retry = window.setTimeout(connect, 2000);
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
