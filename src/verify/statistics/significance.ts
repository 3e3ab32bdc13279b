/** Probability of a false alarm about failed requests, and about response times, over all ingresses of a check together. */
export const FALSE_ALARM_PROBABILITY = 1e-5;
