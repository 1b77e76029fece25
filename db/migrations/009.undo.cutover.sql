drop table cutover_decisions;
drop table cutover_samples;
drop table cutovers;
drop table old_url_usage;
drop table old_url_routing;
drop function berth_announce_routing();
