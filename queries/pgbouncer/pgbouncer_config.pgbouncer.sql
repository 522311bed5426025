show config
