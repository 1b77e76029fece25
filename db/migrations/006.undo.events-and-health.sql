drop table webhook_dead_letters;
drop table webhooks;
drop table service_health_hours;
drop table service_health_status;
drop table batch_writers;
drop table events;
