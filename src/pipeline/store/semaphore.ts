/** Lets a fixed number of calls run at once. The other calls wait in their order. */
export class Semaphore {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  async use<T>(call: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await call();
    } finally {
      const next = this.waiting.shift();
      // The next waiting call gets the place of the finished call directly, so that no later call overtakes it.
      if (next) next();
      else this.free++;
    }
  }
}
