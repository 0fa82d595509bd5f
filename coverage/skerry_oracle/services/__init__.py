"""The oracle over gRPC, as Helium's hotspots speak it (iot-poc 2.3, 3); grpc is imported only by these modules."""
