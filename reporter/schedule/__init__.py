"""When runs start: cron and time zones to slots, and the timer that starts each slot exactly once."""
