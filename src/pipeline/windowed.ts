import { finalize, mergeMap, Subject, type Observable } from 'rxjs';

/** A queue of items. A limited number of items is processed at once. */
export interface Windowed<T, R> {
  /** Adds an item at the end of the queue. */
  push(item: T): void;
  /** The values that the work on the items emits. Subscribe before the first item is pushed. */
  readonly results: Observable<R>;
}

/**
 * `mergeMap` with a concurrency of `width`, for very many items. Taking the next item costs the same however many
 * items wait; the buffer of `mergeMap` is moved as a whole for each item.
 */
export function windowed<T, R>(width: number, work: (item: T) => Observable<R>): Windowed<T, R> {
  const [slots, queue] = [new Subject<T>(), [] as T[]];
  let [next, running, refilling] = [0, 0, false];
  const refill = (): void => {
    // Work that ends synchronously calls this function again, while the loop below still runs. The inner call then
    // returns, and the loop takes the next item.
    if (refilling) return;
    refilling = true;
    while (running < width && next < queue.length) {
      const item = queue[next++] as T;
      running++;
      slots.next(item);
    }
    if (next === queue.length) next = queue.length = 0;
    refilling = false;
  };
  return {
    push: (item) => {
      queue.push(item);
      refill();
    },
    results: slots.pipe(
      mergeMap((item) =>
        work(item).pipe(
          finalize(() => {
            running--;
            refill();
          }),
        ),
      ),
    ),
  };
}
