drop table service_usage;
drop trigger berth_token_changed on api_tokens;
drop function berth_announce_token();
drop trigger berth_instance_changed on user_service_instances;
drop trigger berth_instance_made_or_gone on user_service_instances;
drop function berth_announce_instance();
