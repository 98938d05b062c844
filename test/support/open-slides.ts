import { afterEach } from 'vitest';
import { openSlide } from '../../src/operators/slides/open-slide.js';
import type { SlideReader } from '../../src/operators/slides/slide-reader.js';

const opened: SlideReader[] = [];

/** Opens a slide and closes it when the test ends. */
export async function openClosed(...wanted: Parameters<typeof openSlide>): Promise<SlideReader> {
  const reader = await openSlide(...wanted);
  opened.push(reader);
  return reader;
}

afterEach(async () => {
  for (const reader of opened.splice(0)) await reader.close();
});
