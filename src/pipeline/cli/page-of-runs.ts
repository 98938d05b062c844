import type { Bus } from '../bus/bus.js';
import { pageAddress, type PageOptions } from '../page/page-address.js';
import { say } from './output.js';

export interface PageOfRuns {
  /** Tells the page which bus lists the workers and orchestrators (members) that it shows. */
  readonly on: (bus: Bus) => void;
  readonly close: () => Promise<void>;
}

/**
 * Serves the page of a folder of runs on the address of `--page`. Null without `--page`; then no code of the page is
 * loaded.
 */
export async function pageOfRuns(
  options: PageOptions & { readonly runs: string },
): Promise<PageOfRuns | null> {
  const address = pageAddress(options);
  if (address === undefined) return null;
  const [{ servePage }, { directorySource }] = await Promise.all([
    import('../page/serve-page.js'),
    import('../page/directory-source.js'),
  ]);
  let bus: Bus | null = null;
  let connected = true;
  const source = directorySource(
    options.runs,
    () => (bus === null ? Promise.resolve(null) : bus.members()),
    () => connected,
  );
  const { urlOf, close } = await servePage(address, source);
  say(`page: ${urlOf(null)}`);
  return {
    on: (opened) => {
      bus = opened;
      opened.connection.subscribe({ next: (state) => (connected = state === 'connected') });
    },
    close,
  };
}
