/** What the analyses need to know about a model; its manifest contains all of it. */
export interface ModelTraits {
  readonly id: string;
  readonly kind: 'mistd' | 'mist-reference';
  /** Names of the network's inputs. */
  readonly inputs: readonly string[];
  /** Only for kind mist-reference: the number of columns of x and y together that it reads. */
  readonly columns?: number;
  /** Probabilities of the knots, ascending, with 0.5 among them. */
  readonly taus: readonly number[];
  /** Sizes that the model was trained on, each [lowest, highest]. */
  readonly trained: {
    readonly rows: readonly number[];
    readonly dim_x: readonly number[];
    readonly dim_y: readonly number[];
  };
}

/** Whether the model gives a single value and no uncertainty. */
export function isPointModel({ kind, inputs }: ModelTraits): boolean {
  return kind === 'mist-reference' && inputs.length === 1;
}
