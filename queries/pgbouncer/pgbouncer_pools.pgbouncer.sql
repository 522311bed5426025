show pools
