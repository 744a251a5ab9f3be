/** Solves small symmetric systems. Only the lower triangles of the matrices are read. */

/**
 * Cholesky factor L of a symmetric matrix A = L Lᵀ.
 *
 * @param a shape [n][n].
 * @param tolerance smallest pivot, relative to the diagonal, that is not taken for a rounding
 *   error.
 * @returns shape [n][n]; undefined unless A is positive definite beyond rounding.
 */
export function cholesky(
  a: readonly ArrayLike<number>[],
  tolerance = 1e-13,
): Float64Array[] | undefined {
  const size = a.length;
  const factor = Array.from({ length: size }, () => new Float64Array(size));
  for (let i = 0; i < size; i++) {
    const row = factor[i] as Float64Array;
    for (let j = 0; j <= i; j++) {
      const other = factor[j] as Float64Array;
      let sum = (a[i] as ArrayLike<number>)[j] as number;
      for (let k = 0; k < j; k++) sum -= (row[k] as number) * (other[k] as number);
      if (i !== j) row[j] = sum / (other[j] as number);
      else {
        const scale = (a[i] as ArrayLike<number>)[i] as number;
        if (!(sum > tolerance * scale)) return undefined;
        row[i] = Math.sqrt(sum);
      }
    }
  }
  return factor;
}

/** Solves L Lᵀ x = b for x. */
export function solve(factor: readonly Float64Array[], b: ArrayLike<number>): Float64Array {
  const size = factor.length;
  const x = Float64Array.from(b);
  const at = (i: number, j: number) => (factor[i] as Float64Array)[j] as number;
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) x[i] = (x[i] as number) - at(i, k) * (x[k] as number);
    x[i] = (x[i] as number) / at(i, i);
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) x[i] = (x[i] as number) - at(k, i) * (x[k] as number);
    x[i] = (x[i] as number) / at(i, i);
  }
  return x;
}

/** The inverse (L Lᵀ)⁻¹, both triangles. */
export function invert(factor: readonly Float64Array[]): Float64Array[] {
  return factor.map((_, j) => {
    const unit = new Float64Array(factor.length);
    unit[j] = 1;
    return solve(factor, unit);
  });
}
