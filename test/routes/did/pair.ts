/** A preference pair whose log-probabilities are plain sums. */
export const pair = (more: object = {}) => ({
  chosen_logps: -10,
  rejected_logps: -12,
  ref_chosen_logps: -11,
  ref_rejected_logps: -11.5,
  ...more,
});
