module carrier
go 1.19
