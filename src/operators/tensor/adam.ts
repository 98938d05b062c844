/** A vector of parameters. Training uses float32, checks use float64. */
export type Vector = Float32Array | Float64Array;

export interface AdamOptions {
  /** L2 factor, added to the gradient of all parameters before the moments are updated (classic, not AdamW). */
  readonly weightDecay: number;
  /** Decay rate of the first moment. @default 0.9 */
  readonly beta1?: number;
  /** Decay rate of the second moment. @default 0.999 */
  readonly beta2?: number;
  /** Added to the denominator of a step, so that it is never zero. @default 1e-8 */
  readonly epsilon?: number;
}

/**
 * Adam (Kingma and Ba) with L2 regularisation as in method.md 7: `g += weightDecay * w`, moments, bias correction, `w -= lr * m^ /
 * (sqrt(v^) + eps)`. The state has the precision of the parameters; the arithmetic is float64.
 */
export class Adam<V extends Vector = Float32Array> {
  /** First and second moments after the last step. */
  readonly m: V;
  readonly v: V;
  private readonly beta1: number;
  private readonly beta2: number;
  private readonly epsilon: number;
  private readonly weightDecay: number;
  private taken = 0;

  constructor(
    private readonly parameters: V,
    options: AdamOptions,
  ) {
    this.m = parameters.slice().fill(0) as V;
    this.v = parameters.slice().fill(0) as V;
    this.beta1 = options.beta1 ?? 0.9;
    this.beta2 = options.beta2 ?? 0.999;
    this.epsilon = options.epsilon ?? 1e-8;
    this.weightDecay = options.weightDecay;
  }

  /** Number of steps so far. It decides the bias correction. */
  get steps(): number {
    return this.taken;
  }

  /** Restores the moments and the number of steps. The moments are copied. */
  restore(m: V, v: V, steps: number): void {
    this.m.set(m);
    this.v.set(v);
    this.taken = steps;
  }

  /** Changes the parameters in place. */
  step(gradient: V, learningRate: number): void {
    const { m, v, parameters, beta1, beta2, epsilon, weightDecay } = this;
    this.taken++;
    const correction1 = 1 - beta1 ** this.taken;
    const correction2 = 1 - beta2 ** this.taken;
    for (let i = 0; i < parameters.length; i++) {
      const w = parameters[i] as number;
      const g = (gradient[i] as number) + weightDecay * w;
      const first = beta1 * (m[i] as number) + (1 - beta1) * g;
      const second = beta2 * (v[i] as number) + (1 - beta2) * g * g;
      m[i] = first;
      v[i] = second;
      const scale = Math.sqrt(second / correction2) + epsilon;
      parameters[i] = w - (learningRate * (first / correction1)) / scale;
    }
  }
}
