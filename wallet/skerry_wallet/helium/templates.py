"""Account orders of the instructions that Skerry builds (wallet-economics 1.12, KINDS-wallet annex B).

One slot is a name and flags (`s` signer, `w` writable). `$name` is an input address, `@name` a program or sysvar,
anything else a function of `addresses` (with its parameters taken from the inputs of the same names, or given in
brackets: input names and 'literals'). `*proof` appends the trimmed Merkle proof.
"""

__all__ = ["TEMPLATES"]

_DISTRIBUTE = (
    "$payer sw, lazy_distributor, recipient w, mint(token), rewards_escrow w, rewards_escrow_breaker w, {owner} w, "
    "ata({owner_input}, token) w, @associated_token, @circuit_breaker, @system, @token"
)
_WRAPPER = "lazy_distributor, recipient w, key_to_asset(entity_key), oracle_signer, @lazy_distributor, @system"
_FEE_TAIL = "mint('dc') w, data_credits"
_UPDATE_INFO = (
    "$owner sw, $merkle_tree, tree_authority, ata(dc_fee_payer, 'dc') w, rewardable_entity_config, dao, sub_dao, "
    + _FEE_TAIL
    + ", @bubblegum, @compression, @data_credits, @token, @associated_token, @system"
)

TEMPLATES = {
    "lazy_distributor.initialize_recipient_v0": (
        "$payer sw, lazy_distributor, recipient w, $asset, token_metadata(asset), @system"
    ),
    "lazy_distributor.initialize_compression_recipient_v0": (
        "$payer sw, lazy_distributor, recipient w, $merkle_tree, $owner, $delegate, @compression, @system, *proof"
    ),
    "lazy_distributor.set_current_rewards_v0": "$payer sw, lazy_distributor, recipient w, $oracle s, @system",
    "lazy_distributor.set_current_rewards_v1": (
        "$payer sw, lazy_distributor, recipient w, @sysvar_instructions, @system"
    ),
    "lazy_distributor.distribute_rewards_v0": (
        _DISTRIBUTE.format(owner="$owner", owner_input="owner") + ", ata_of_mint(owner, nft_mint)"
    ),
    "lazy_distributor.distribute_compression_rewards_v0": (
        _DISTRIBUTE.format(owner="$owner", owner_input="owner") + ", $merkle_tree, @compression, *proof"
    ),
    "lazy_distributor.distribute_custom_destination_v0": (
        _DISTRIBUTE.format(owner="$destination", owner_input="destination")
    ),
    "lazy_distributor.update_destination_v0": "recipient w, $owner s, $destination, ata_of_mint(owner, nft_mint)",
    "lazy_distributor.update_compression_destination_v0": (
        "recipient w, $owner s, $destination, $merkle_tree, @compression, *proof"
    ),
    "rewards_oracle.set_current_rewards_wrapper_v0": f"$oracle sw, {_WRAPPER}",
    "rewards_oracle.set_current_rewards_wrapper_v1": f"$oracle sw, {_WRAPPER}",
    "rewards_oracle.set_current_rewards_wrapper_v2": f"$payer sw, {_WRAPPER}, @sysvar_instructions",
    "data_credits.mint_data_credits_v0": (
        "data_credits, hnt_price, ata(owner, 'hnt') w, ata(recipient, 'dc') w, $recipient, $owner sw, mint('hnt') w, "
        "mint('dc') w, mint_breaker('dc') w, @circuit_breaker, @token, @system, @associated_token"
    ),
    "data_credits.delegate_data_credits_v0": (
        "delegated_data_credits w, data_credits, mint('dc'), dao, sub_dao, $owner s, ata(owner, 'dc') w, "
        "escrow_dc_account w, $payer sw, @associated_token, @token, @system"
    ),
    "data_credits.burn_delegated_data_credits_v0": (
        "sub_dao_epoch_info w, sub_dao w, $dc_burn_authority s, registrar('hnt'), dao, mint('dc') w, "
        "account_payer w, data_credits, delegated_data_credits, escrow_dc_account w, @token, @helium_sub_daos, @system"
    ),
    "data_credits.burn_without_tracking_v0": (
        "data_credits, ata(owner, 'dc') w, $owner sw, mint('dc') w, @associated_token, @token, @system"
    ),
    "treasury_management.redeem_v0": (
        "treasury_management, mint('hnt'), mint(sub_dao) w, treasury w, treasury_breaker w, ata(owner, sub_dao) w, "
        "ata(owner, 'hnt') w, $owner s, @circuit_breaker, @token"
    ),
    "helium_sub_daos.claim_rewards_v1": (
        "position w, $position_mint w, ata_of_mint(owner, position_mint), $owner, registrar('hnt') w, dao w, "
        "sub_dao w, delegated_position w, mint('hnt') w, dao_epoch_info, delegator_pool w, ata(owner, 'hnt') w, "
        "delegator_pool_breaker w, @voter_stake_registry, @system, @circuit_breaker, @associated_token, @token, "
        "$payer sw"
    ),
    "helium_entity_manager.issue_data_only_entity_v0": (
        "$payer sw, @ecc_verifier s, data_only_collection, data_only_collection_metadata w, "
        "data_only_collection_master_edition, data_only_config w, entity_creator, dao, key_to_asset(entity_key) w, "
        "tree_authority w, $recipient, $merkle_tree w, data_only_escrow w, bubblegum_signer, @token_metadata, @noop, "
        "@bubblegum, @compression, @system"
    ),
    "helium_entity_manager.onboard_data_only_iot_hotspot_v0": (
        "$payer sw, $dc_fee_payer sw, iot_info w, $owner sw, $merkle_tree, ata(dc_fee_payer, 'dc') w, "
        "rewardable_entity_config, data_only_config, dao, key_to_asset(entity_key), sub_dao w, "
        + _FEE_TAIL
        + ", @compression, @data_credits, @token, @associated_token, @system, @helium_sub_daos, *proof"
    ),
    "helium_entity_manager.update_iot_info_v0": f"$payer sw, $dc_fee_payer sw, iot_info w, {_UPDATE_INFO}, *proof",
    "helium_entity_manager.update_mobile_info_v0": f"$payer s, $dc_fee_payer s, mobile_info w, {_UPDATE_INFO}, *proof",
    "hpl_crons.queue_wallet_claim_v0": (
        "$payer sw, $wallet, wallet_claim_payer w, queue_authority w, $task_queue w, task_queue_authority, $task w, "
        "@tuktuk, @system"
    ),
    "no_emit.no_emit_v0": (
        "$payer sw, not_emitted, not_emitted_counter w, not_emitted_hnt_account w, mint('hnt') w, @token, @system"
    ),
    "bubblegum.transfer": (
        "tree_authority, $owner, $delegate, $to, $merkle_tree w, @noop, @compression, @system, *proof"
    ),
    "bubblegum.burn": "tree_authority, $owner, $delegate, $merkle_tree w, @noop, @compression, @system, *proof",
}
