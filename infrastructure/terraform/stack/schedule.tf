locals {
  days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

  # A working day that ends after midnight ends on the next one.
  overnight  = var.schedule == null ? false : tonumber(replace(var.schedule.stop, ":", "")) <= tonumber(replace(var.schedule.start, ":", ""))
  start_days = [for day in local.days : day if contains(try(var.schedule.workdays, []), day)]
  stop_days  = local.overnight ? [for index, day in local.days : day if contains(local.start_days, local.days[(index + 6) % 7])] : local.start_days

  start_time = var.schedule == null ? [] : [for part in split(":", var.schedule.start) : tonumber(part)]
  stop_time  = var.schedule == null ? [] : [for part in split(":", var.schedule.stop) : tonumber(part)]

  # Application Auto Scaling: cron(minutes hours day-of-month month day-of-week year).
  schedule = var.schedule == null ? null : {
    time_zone       = var.schedule.timezone
    start           = "cron(${local.start_time[1]} ${local.start_time[0]} ? * ${upper(join(",", local.start_days))} *)"
    stop            = "cron(${local.stop_time[1]} ${local.stop_time[0]} ? * ${upper(join(",", local.stop_days))} *)"
    off_hours_count = var.schedule.off_hours_count
  }

  # EC2 Auto Scaling: minutes hours day-of-month month day-of-week.
  instances_start = var.schedule == null ? null : {
    time_zone  = var.schedule.timezone
    recurrence = "${local.start_time[1]} ${local.start_time[0]} * * ${upper(join(",", local.start_days))}"
  }
}
