#!/bin/sh
# How much does x tell about y? curl alone.
curl -s "${MISTD_URL:-http://127.0.0.1:3000}/estimate" -H 'content-type: application/json' -d '{
  "x": [1.2, 0.4, 3.1, 2.2, 5.0, 4.1, 0.9, 2.8, 3.7, 1.9, 4.6, 0.1],
  "y": [2.0, 1.1, 6.5, 4.0, 9.7, 8.8, 2.2, 5.1, 7.9, 3.6, 9.1, 0.3],
  "quantiles": [0.1, 0.5, 0.9],
  "level": 0.9
}'
