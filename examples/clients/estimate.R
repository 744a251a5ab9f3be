# How much does bmi tell about disease progression? Needs httr2.
library(httr2)

url <- Sys.getenv("MISTD_URL", "http://127.0.0.1:3000")
diabetes <- read.csv(Sys.getenv("DIABETES", "examples/diabetes.csv"))

reply <- request(paste0(url, "/estimate")) |>
  req_body_json(list(x = diabetes$bmi, y = diabetes$target)) |>
  req_perform() |>
  resp_body_json()

cat(sprintf("%.3f %s, %.0f%% between %.3f and %.3f\n", reply$estimate, reply$unit,
            100 * reply$interval$level, reply$interval$lower, reply$interval$upper))
