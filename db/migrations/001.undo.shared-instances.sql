drop table vault_keys;
drop table api_tokens;
drop table user_service_instances;

do $$
begin
  if obj_description(to_regclass('users'), 'pg_class') = 'made by berth' then
    drop table users;
  end if;
end
$$;
