/** What the questions need to know of a model. Its manifest holds all of it. */
export interface ModelTraits {
  readonly id: string;
  readonly kind: 'mistd' | 'mist-reference';
  /** Names of the network's inputs. */
  readonly inputs: readonly string[];
  /** Of kind mist-reference: the columns of x and y together that the network reads. */
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
